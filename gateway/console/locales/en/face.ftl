# What stands around every page.
face-skip = Skip to main content
face-menu = Menu
face-service = Service information
face-inbox = Inbox
face-agenda = Agenda
face-disposal = Disposal
face-search = Search
face-statistics = Statistics
face-language = Language of the interface
face-sign-out = Sign out
face-support = Support links
face-help = Help
face-accessibility = Accessibility statement
face-training = Training
face-training-means = This state is simulated. Nothing that you do here reaches a real authority or a real person.

# What the components say themselves.
govuk-error-prefix = Error
govuk-error-title = There is a problem
govuk-success = Done
govuk-important = Important
govuk-warning = Warning
govuk-date-day = Day
govuk-date-month = Month
govuk-date-year = Year
govuk-pages = Pages
govuk-page-first = Back to the first page
govuk-page-next = Next page
