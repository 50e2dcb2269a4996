"""How long a chatbot's conversations are kept; without a row, until somebody deletes them."""

from django.db import models

from apps.chatbots.models import Chatbot


class Retention(models.Model):
    """A chatbot whose conversations are deleted so many days after their last message."""

    chatbot = models.OneToOneField(Chatbot, on_delete=models.CASCADE, primary_key=True, related_name="retention")
    days = models.PositiveIntegerField()
