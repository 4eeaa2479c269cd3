//! Each component against the fixtures that govuk-frontend tests itself with.
