"""The owner's pages."""

from django.urls import path

from apps.dashboard import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/<str:token>", views.sign_in, name="sign-in"),
]
