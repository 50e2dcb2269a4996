"""The visitor's pages."""

from django.urls import path

from apps.widget.views import share_page

urlpatterns = [path("c/<str:public_id>", share_page, name="share_page")]
