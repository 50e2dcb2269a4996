"""The visitor's pages, and the widget."""

from django.urls import path

from apps.widget import file_views, views

urlpatterns = [
    path("c/<str:public_id>", views.share_page, name="share_page"),
    path("c/<str:public_id>/theme.css", file_views.theme, name="theme"),
    path("embed/<str:public_id>", views.embedded_page, name="embedded_page"),
    path("widget.js", file_views.widget_script, name="widget_script"),
]
