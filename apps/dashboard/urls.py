"""The owner's pages."""

from django.urls import include, path

from apps.dashboard import conversation_views, leak_test_views, link_views, privacy_views, views

of_one_bot = [
    path("privacy", privacy_views.privacy, name="bot-privacy"),
    path("privacy/use", privacy_views.change_use, name="bot-use"),
    path("privacy/sources/<uuid:source_id>", privacy_views.flip, name="bot-flip"),
    path("links", link_views.links, name="bot-links"),
    path("links/restore", link_views.restore, name="bot-links-restore"),
    path("links/<uuid:link_id>/remove", link_views.remove, name="bot-link-remove"),
    path("leak-test", leak_test_views.start, name="bot-leak-test-start"),
    path("leak-test/state", leak_test_views.state, name="bot-leak-test-state"),
    path("leak-tests/<uuid:run_id>", leak_test_views.report, name="bot-leak-test"),
    path("privacy/sources/<uuid:source_id>/both", privacy_views.accept_both, name="bot-accept-both"),
    path("audit.csv", privacy_views.export_audit, name="bot-audit"),
    path("conversations", conversation_views.conversations, name="bot-conversations"),
    path("conversations/<uuid:conversation_id>", conversation_views.conversation, name="bot-conversation"),
]
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/<str:token>", views.sign_in, name="sign-in"),
    path("dashboard/bots/<uuid:chatbot_id>/", include(of_one_bot)),
]
