package member

// Webhooks are the commands that have the member's own systems called.
type Webhooks struct {
	Add        webhookAdd        `cmd:"" help:"Have an address called." example:"lantern agent webhook add http://127.0.0.1:9000/lantern --dir agent --to hook.secret\nlantern agent webhook add https://pager.example.com/in --event hit.imminent --dir agent --to pager.secret"`
	List       webhookList       `cmd:"" help:"List the webhooks and how they fare." example:"lantern agent webhook list"`
	Deliveries webhookDeliveries `cmd:"" help:"List what was sent to a webhook, newest first." example:"lantern agent webhook deliveries 4711"`
	Test       webhookTest       `cmd:"" help:"Send a test and wait for the answer." example:"lantern agent webhook test 4711"`
	Replay     webhookReplay     `cmd:"" help:"Deliver events again." example:"lantern agent webhook replay 4711 --event 4712\nlantern agent webhook replay 4711 --since 2026-03-01"`
	Rotate     webhookRotate     `cmd:"" help:"Replace a webhook's secret." example:"lantern agent webhook rotate 4711 --dir agent --to hook.secret"`
	Remove     webhookRemove     `cmd:"" help:"Remove a webhook." example:"lantern agent webhook remove 4711 --dir agent"`
}

// Quarantine are the commands on signals that hit too much.
type Quarantine struct {
	List    quarantineList    `cmd:"" help:"List signals whose matches wait outside the queue." example:"lantern quarantine list --token-file agent/data/agent.token"`
	Release quarantineRelease `cmd:"" help:"Let a signal hit again." example:"lantern quarantine release 4711 --hits open --reason \"a real campaign\" --key-file investigator.key"`
}

// Hits are the commands of the queue of matches.
type Hits struct {
	List    hitsList    `cmd:"" help:"List the hits that wait, the greatest risk first." example:"lantern hits list --limit 20\nlantern hits list --by account"`
	Follow  hitsFollow  `cmd:"" help:"Read on as hits come, until interrupted." example:"lantern hits follow | review-tool\nlantern hits follow --to hits.ndjson"`
	Digest  hitsDigest  `cmd:"" help:"List what the last days found, strong matches only." example:"lantern hits digest"`
	Explain hitsExplain `cmd:"" help:"Say in plain words what a hit means and what to do." example:"lantern hits explain 4711"`
	Show    hitsShow    `cmd:"" help:"Show one hit." example:"lantern hits show 4711"`
	Decide  hitsDecide  `cmd:"" help:"Record what you decided about hits." example:"lantern hits decide confirmed 4711 4712 --reason abuse-material\nlantern hits decide wrong-signal 4713 --reason identifier-reused"`
	Preview hitsPreview `cmd:"" help:"Show what a decision on all identical evidence would be." example:"lantern hits preview 4711 not-violating-here --reason allowed-here"`
	Sample  hitsSample  `cmd:"" help:"List what must be decided singly before a decision in bulk." example:"lantern hits sample 4712"`
	Bulk    hitsBulk    `cmd:"" help:"Do what a preview showed." example:"lantern hits bulk 4712 DIGEST --count 119"`
	Acts    hitsActs    `cmd:"" help:"List what can be undone." example:"lantern hits acts"`
	Undo    hitsUndo    `cmd:"" help:"Put back what was before an act." example:"lantern hits undo 4713"`
}

// Hunt are the commands that look back over past activity.
type Hunt struct {
	Run    huntRun    `cmd:"" default:"withargs" help:"Look at what was not looked at before." example:"lantern hunt exports/\nlantern hunt --name chat --account 8812345 chat-2026/"`
	List   huntList   `cmd:"" help:"List the hunts and how far they are." example:"lantern hunt list"`
	Forget huntForget `cmd:"" help:"Forget what a hunt looked at, so that it starts over." example:"lantern hunt forget chat"`
}

// Tactics are the commands that show patterns of behaviour.
type Tactics struct {
	List tacticsList `cmd:"" help:"List the tactics shared with you." example:"lantern tactics list"`
}

// Cases are the commands of review in rounds.
type Cases struct {
	Open      casesOpen      `cmd:"" help:"Open a case on signals that had hits." example:"lantern cases open \"links of march\" --program 4711 --signal 4712"`
	List      casesList      `cmd:"" help:"List the cases." example:"lantern cases list"`
	Show      casesShow      `cmd:"" help:"Show a case." example:"lantern cases show 4711\nlantern cases show 4711 --accounts"`
	Assign    casesAssign    `cmd:"" help:"Take a case over, or hand it on." example:"lantern cases assign 4711\nlantern cases assign 4711 4712"`
	Round     casesRound     `cmd:"" help:"Widen a case by linked accounts." example:"lantern cases round 4711 candidates.ndjson"`
	Evidence  casesEvidence  `cmd:"" help:"List what evidence the accounts of a case share." example:"lantern cases evidence 4711"`
	Preview   casesPreview   `cmd:"" help:"Show what a decision on all identical evidence would be." example:"lantern cases preview 4711 u-17 confirmed --reason linked-account"`
	Rule      casesRule      `cmd:"" help:"Record decisions on accounts of a case." example:"lantern cases rule 4711 rulings.ndjson"`
	Note      casesNote      `cmd:"" help:"Write something down in a case." example:"lantern cases note 4711 \"the list moved to another host\""`
	Notes     casesNotes     `cmd:"" help:"Read a case's notes." example:"lantern cases notes 4711"`
	Task      casesTask      `cmd:"" help:"Note something to be done in a case." example:"lantern cases task 4711 \"ask the host\" --due 2d"`
	Tasks     casesTasks     `cmd:"" help:"Read a case's tasks." example:"lantern cases tasks 4711"`
	Finish    casesFinish    `cmd:"" help:"Note that a task is done." example:"lantern cases finish 4711 4712"`
	Timeline  casesTimeline  `cmd:"" help:"List what happened in a case." example:"lantern cases timeline 4711"`
	Propose   casesPropose   `cmd:"" help:"Ask a colleague to approve, where a program wants four eyes." example:"lantern cases propose --case 4711 --outcome accounts-actioned --ground \"Child safety 4.2\"\nlantern cases propose --preview 4712"`
	Proposals casesProposals `cmd:"" help:"List what waits for a second person." example:"lantern cases proposals"`
	Approve   casesApprove   `cmd:"" help:"Approve what a colleague proposed." example:"lantern cases approve 4713 DIGEST"`
	Decline   casesDecline   `cmd:"" help:"Decline what a colleague proposed." example:"lantern cases decline 4713 DIGEST"`
	Outcome   casesOutcome   `cmd:"" help:"Record and attest what you did because of a case." example:"lantern cases outcome 4711 accounts-actioned --ground \"Child safety 4.2\""`
	Share     casesShare     `cmd:"" help:"Share back what a case found." example:"lantern cases share 4711 found.csv --preview\nlantern cases share 4711 found.csv --digest DIGEST"`
	Close     casesClose     `cmd:"" help:"Close a case." example:"lantern cases close 4711 done"`
	Reopen    casesReopen    `cmd:"" help:"Open a closed case again." example:"lantern cases reopen 4711 new-evidence"`
}
