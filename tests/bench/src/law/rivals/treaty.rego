# What a rule of a pair says, over the clauses in `data`. A request passes where a clause gives it and no bound refuses it.
package treaty

import rego.v1

default allow := false

clause := data.clauses[input.requesting][input.requested][input.article][input.request_type]

allow if {
	clause
	count(refused) == 0
}

refused contains "records" if count(input.records) == 0

refused contains "records" if {
	some record in input.records
	not clause.records[record]
}

refused contains "selectors" if count(input.selectors) == 0

refused contains "selectors" if {
	some selector in input.selectors
	not clause.selectors[selector]
}

refused contains "subjects" if input.subjects < 1

refused contains "subjects" if input.subjects > clause.max_subjects

refused contains "window" if {
	clause.max_window_days
	not input.window_days
}

refused contains "window" if {
	input.window_days
	not clause.max_window_days
}

refused contains "window" if input.window_days < 1

refused contains "window" if input.window_days > clause.max_window_days

refused contains "validator" if {
	some record in input.records
	roles := clause.records[record]
	count(roles) > 0
	not roles[input.validator]
}

refused contains "purpose" if not clause.purposes[input.purpose]

refused contains "offence" if {
	clause.offence_declared
	not input.offence
}

refused contains "gravity" if input.offence.max_penalty_months < clause.min_max_penalty_months

refused contains "dual_criminality" if {
	clause.dual_criminality
	not input.offence.dual_criminality
	not exempt
}

exempt if {
	input.offence.listed
	input.offence.max_penalty_months >= clause.except_listed_months
}

refused contains "emergency" if input.emergency != clause.emergency

refused contains "sender" if not clause.senders[input.sender]

refused contains "recipient" if not clause.recipients[input.recipient]
