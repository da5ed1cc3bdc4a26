package api

import (
	"lantern"
	"lantern/internal/exchange"
)

// x shortens the table: its methods are named as expressions.
type x = exchange.Exchange

// routes is the face. A name is that of the service's method, of the client's method and
// of the operation in the document.
func routes() []route {
	const conflict, notFound = lantern.Conflict, lantern.NotFound
	return []route{
		{"GET", "/v1/types", "Types", "List the signal types and their rules.", open(listTypes), nil},
		{"GET", "/v1/whoami", "Whoami", "Say what the key's bearer is to the exchange.", own((*x).Whoami), nil},

		{"POST", "/v1/members", "CreateMember", "Add an organisation (steward).", create((*x).CreateMember), kinds(conflict)},
		{"GET", "/v1/members", "Members", "List the organisations the caller may know of.", list((*x).Members), nil},
		{"GET", "/v1/members/{id}", "Member", "Return one organisation.", get((*x).Member), nil},
		{"POST", "/v1/members/{id}/state", "SetMemberState", "Move an organisation to another state (steward).", act((*x).SetMemberState), nil},

		{"POST", "/v1/persons", "CreatePerson", "Add a person to the own member; a steward may add one to another.", create((*x).CreatePerson), kinds(notFound)},
		{"GET", "/v1/persons", "Persons", "List the persons of the own member.", list((*x).Persons), nil},
		{"POST", "/v1/persons/{id}/training", "TrainPerson", "Record how long a person's training is valid.", act(trainPerson), nil},
		{"POST", "/v1/services", "CreateService", "Add an integration of the own member.", create((*x).CreateService), kinds(notFound)},
		{"GET", "/v1/services", "Services", "List the integrations of the own member.", list((*x).Services), nil},
		{"POST", "/v1/keys", "IssueKey", "Make a key for a person or service. Its secret is shown in this answer only; a repetition has neither it nor the address.", secret(create((*x).IssueKey)), kinds(notFound)},
		{"GET", "/v1/keys", "Keys", "List the keys of the own member, without secrets.", list((*x).Keys), nil},
		{"POST", "/v1/keys/{id}/rotate", "RotateKey", "Make a key that takes the place of another, which stays good for an overlap, 24 hours unless asked otherwise. The secret is shown in this answer only.", secret(act((*x).RotateKey)), nil},
		{"POST", "/v1/keys/{id}/revoke", "RevokeKey", "End a key at once.", do((*x).RevokeKey), nil},

		{"POST", "/v1/programs", "CreateProgram", "Add a program (steward).", create((*x).CreateProgram), nil},
		{"GET", "/v1/programs", "Programs", "List the programs the caller may know of.", list((*x).Programs), nil},
		{"GET", "/v1/programs/{id}", "Program", "Return one program.", get((*x).Program), nil},
		{"PUT", "/v1/programs/{id}/policy", "SetPolicy", "Replace a program's policy, which raises its version (steward).", act((*x).SetPolicy), nil},
		{"POST", "/v1/programs/{id}/members", "Join", "Make a member part of a program (steward).", act(join), nil},
		{"GET", "/v1/programs/{id}/members", "Memberships", "List the members of a program.", listOf((*x).Memberships), nil},
		{"POST", "/v1/programs/{id}/leave", "Leave", "End a member's part in a program.", silent(leave), nil},
		{"GET", "/v1/programs/{id}/outcomes", "ProgramOutcomes", "Say what the other members of a program did because of its signals: ranges, never who.", get((*x).ProgramOutcomes), nil},
		{"GET", "/v1/programs/{id}/changes", "Feed", "Read a program's feed after a cursor; with wait, hold the answer until there is a change.", feed(), kinds(lantern.Resync)},
		{"GET", "/v1/programs/{id}/snapshot", "Snapshot", "Read all that a program's feed holds, as lines: one change each, and a mark at the end without which it is not whole. Compressed with zstd if the caller accepts it.", snapshot(), nil},
		{"GET", "/v1/programs/{id}/stream", "Follow", "Read a program's feed as it grows: as lines, a mark after each page; with Accept: text/event-stream as events that Last-Event-ID resumes.", follow(), kinds(lantern.Resync)},

		{"POST", "/v1/programs/{id}/import", "Import", "Share the rows of a file of any format, for rows that name no program with this one. Answers with the rows that were refused, as they come, and a report at the end. The same again changes nothing.", importFile(), nil},
		{"GET", "/v1/programs/{id}/export", "Export", "Write a file of what others share in a program, or of the own signals. A trailer says what was left out and lost; without it the file is not whole.", exportFile(), kinds(lantern.Conflict)},

		{"POST", "/v1/signals", "Share", "Share one draft. 201 if it made a signal, 200 if it changed or confirmed one.", share(), kinds(notFound)},
		{"POST", "/v1/signals/batch", "ShareBatch", "Share up to 1000 drafts. Results stand in their order, and pointers are relative to the draft.", shareBatch(), nil},
		{"POST", "/v1/signals/stream", "ShareStream", "Share drafts line by line, without end. Each is answered, with its line, once it is committed.", shareStream(), kinds(notFound)},
		{"GET", "/v1/signals", "Signals", "List the own member's signals by rising id.", signals(), nil},
		{"GET", "/v1/signals/{id}", "Signal", "Return one signal, with as much of it as the caller may see.", get((*x).Signal), nil},
		{"POST", "/v1/signals/{id}/renew", "Renew", "Prolong an own signal after a fresh review.", sealed(act((*x).Renew)), nil},
		{"POST", "/v1/signals/{id}/withdraw", "Withdraw", "Take an own signal back from every program.", act((*x).Withdraw), nil},
		{"POST", "/v1/signals/{id}/narrow", "Narrow", "Take an own signal out of one program, while it stays in others. Returns what those acknowledge who lose it.", act((*x).Narrow), nil},
		{"GET", "/v1/signals/{id}/outcomes", "OutcomeTotals", "Say what others did because of an own signal: sums, never who.", get((*x).OutcomeTotals), nil},
		{"GET", "/v1/signals/{id}/feedback", "Reactions", "List the reactions to a signal.", listOf((*x).Reactions), nil},

		{"POST", "/v1/incidents", "ShareIncident", "Share signals that belong together: all or none, refused with pointers into the signals. 201 if it made an incident, 200 if it changed or confirmed one.", shareIncident(), kinds(notFound, conflict)},
		{"GET", "/v1/incidents", "Incidents", "List the own member's incidents by rising id, without their signals.", incidents(), nil},
		{"GET", "/v1/incidents/{id}", "Incident", "Return one incident with its signals, with as much of them as the caller may see.", get((*x).Incident), nil},
		{"POST", "/v1/incidents/{id}/withdraw", "WithdrawIncident", "Take every signal of an own incident back from every program.", act((*x).WithdrawIncident), nil},

		{"POST", "/v1/feedback", "React", "Answer another member's signal, or take a reaction back.", create((*x).React), kinds(notFound)},
		{"POST", "/v1/outcomes", "RecordOutcome", "Record what the own member did because of signals, attested by a person.", create((*x).RecordOutcome), kinds(notFound)},
		{"GET", "/v1/outcomes", "Outcomes", "List the own member's outcomes.", outcomes(), nil},

		{"POST", "/v1/challenges", "OpenChallenge", "Say that a signal is wrong; it is suspended at once.", noteless(create((*x).OpenChallenge)), kinds(notFound)},
		{"GET", "/v1/challenges", "Challenges", "List the challenges the caller may see.", challenges(), nil},
		{"GET", "/v1/challenges/{id}", "Challenge", "Return one challenge.", get((*x).Challenge), nil},
		{"POST", "/v1/challenges/{id}/decision", "Decide", "Answer a challenge.", noteless(act((*x).Decide)), nil},
		{"GET", "/v1/corrections", "Corrections", "List the corrections that concern the own member.", corrections(), nil},
		{"GET", "/v1/corrections/{id}", "Correction", "Return one correction.", get((*x).Correction), nil},
		{"POST", "/v1/corrections/{id}/acks", "Acknowledge", "State one step of a correction for the own member.", act(acknowledge), nil},

		{"POST", "/v1/webhooks", "CreateWebhook", "Have an address of the own member called when something concerns it (admin). Its secret is shown in this answer only, and not in a repetition of it.", secret(create((*x).CreateWebhook)), nil},
		{"GET", "/v1/webhooks", "Webhooks", "List the webhooks of the own member, without secrets.", list((*x).Webhooks), nil},
		{"POST", "/v1/webhooks/{id}/remove", "RemoveWebhook", "Forget a webhook, its secrets and what is on its way to it.", secret(do((*x).RemoveWebhook)), nil},
		{"POST", "/v1/webhooks/{id}/rotate", "RotateWebhook", "Give a webhook another secret. For a day requests are signed with both. The secret is shown in this answer only.", secret(do((*x).RotateWebhook)), nil},
		{"POST", "/v1/webhooks/{id}/test", "TestWebhook", "Send an event of type webhook.test.", do((*x).TestWebhook), nil},
		{"POST", "/v1/webhooks/{id}/replay", "ReplayWebhook", "Deliver one event of the last 30 days again, or all since a time. Enables a disabled webhook.", act((*x).ReplayWebhook), nil},
		{"GET", "/v1/webhooks/{id}/deliveries", "Deliveries", "List the latest 200 deliveries of a webhook, newest event first.", listOf((*x).Deliveries), nil},

		{"GET", "/v1/log/checkpoint", "Checkpoint", "Return the newest signed head of the log (C2SP tlog-checkpoint).", open(checkpoint), nil},
		{"GET", "/v1/log/key", "LogKey", "Return the key that verifies checkpoints.", open(logKey), nil},
		{"GET", "/v1/log/tile/{path...}", "Tile", "Return a tile or a bundle of entries (C2SP tlog-tiles).", open(tile), kinds(notFound)},
		{"GET", "/v1/log/receipt/{leaf}", "Receipt", "Return the proof that an entry is part of the log (C2SP tlog-proof).", open(receipt), kinds(notFound)},
		{"GET", "/v1/log/consistency", "Consistency", "Return the proof that one size of the log is the beginning of another.", consistency(), nil},
		{"GET", "/v1/log/opening/{leaf}", "Opening", "Return the record behind an entry, as far as the caller may see it.", opening(), kinds(notFound)},

		{"POST", "/v1/anchors", "Anchor", "Enter the head of an agent's own log in the exchange's.", create((*x).Anchor), kinds(conflict)},
		{"GET", "/v1/anchors", "Anchors", "List the newest anchor of each log of the own member's agents; to stewards and auditors of the operator those of every member.", list((*x).Anchors), nil},

		{"GET", "/v1/status", "Status", "Say how the exchange stands: what is past its time and was not dealt with (steward).", own((*x).Status), nil},
		{"POST", "/v1/restores", "AcceptRestore", "Accept that the exchange went back to a backup, and let it go on (steward).", create((*x).AcceptRestore), kinds(conflict)},
		{"GET", "/v1/restores", "Restores", "List the accepted returns to a backup.", list((*x).Restores), nil},

		{"GET", "/livez", "Live", "Say that the process runs.", open(live), nil},
		{"GET", "/readyz", "Ready", "Say whether the exchange can serve.", open(ready), nil},
		{"GET", "/openapi.json", "Document", "Return this document.", open(document), nil},
	}
}
