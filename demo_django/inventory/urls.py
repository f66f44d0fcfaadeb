"""Which view answers which path."""

from django.urls import path

from inventory import views

urlpatterns = [
    path("good_no_content", views.good_no_content),
    path("bad_no_content", views.bad_no_content),
    path("items", views.items),
    path("items/<int:number>", views.item),
    path("reset", views.reset),
    path("export", views.export),
    path("report", views.report),
]
