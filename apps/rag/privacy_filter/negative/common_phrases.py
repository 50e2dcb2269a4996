"""Phrases that stand in texts of every kind, and so give nothing away."""

COMMON_PHRASES = """
please do not hesitate to contact us
if you have any questions please contact us
if you have any further questions please do not hesitate
for more information please visit our website
for further information please contact
thank you for your understanding
thank you very much for your message
thank you for contacting us
we look forward to hearing from you
we would like to inform you that
please note that the following
please make sure that you have
in accordance with the applicable law
in accordance with the terms and conditions
subject to the terms and conditions
subject to change without notice
terms and conditions apply
all rights reserved
general terms and conditions
with the exception of the following
as well as the following
on the other hand it is
at the same time as the
by the end of the year
at the beginning of the month
within the next few days
during normal business hours
during our opening hours
monday to friday from 9 am to 5 pm
from monday to friday
monday through friday
on working days from monday to friday
24 hours a day 7 days a week
the date of purchase
from the date of purchase
within 14 days of receipt
within 30 days of receipt
within 30 days of purchase
proof of purchase is required
the following conditions apply
the following steps are required
follow the instructions on the screen
enter your user name and password
click on the link in the email
you can find more information here
you will receive an email with
frequently asked questions
how can i contact customer service
customer service department
the manufacturer s instructions
the right to make changes
it is recommended that you
it is important to note that
it should be noted that the
in the case of a
in the event of a
in the context of the
on the basis of the
as a result of the
with respect to the
in addition to the
the results of this study
the results show that the
the purpose of this document
this document is intended for
for internal use only
bitte beachten sie dass
bei fragen stehen wir ihnen gerne zur verfügung
für weitere informationen wenden sie sich bitte an
für rückfragen stehen wir ihnen gerne zur verfügung
vielen dank für ihr verständnis
vielen dank für ihre anfrage
mit freundlichen grüßen
sehr geehrte damen und herren
allgemeine geschäftsbedingungen
innerhalb von 14 tagen
innerhalb von 30 tagen
von montag bis freitag
montag bis freitag von 9 bis 17 uhr
ab dem kaufdatum
n'hésitez pas à nous contacter
pour plus d'informations veuillez consulter
pour toute question veuillez contacter
nous vous remercions de votre compréhension
conditions générales de vente
du lundi au vendredi de 9 h à 17 h
no dude en ponerse en contacto con nosotros
para más información visite nuestra página
de lunes a viernes de 9 a 17 horas
términos y condiciones generales
para mais informações entre em contato
de segunda a sexta feira das 9 às 17
"""
