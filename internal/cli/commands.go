package cli

import (
	"strings"

	"github.com/alecthomas/kong"

	"lantern/internal/cli/command"
	"lantern/internal/cli/member"
)

// commands is the list of all commands. A command stands here with the one line that
// says what it does and at least one example; groups of commands are below, and in package
// member those that speak to an agent.
type commands struct {
	command.Common

	Demo        demoCmd             `cmd:"" help:"Watch a whole exchange at work on this machine, with invented data." example:"lantern demo\nlantern demo urls --seed 7 --headless -o json"`
	Exchange    exchangeCommands    `cmd:"" help:"Run an exchange and look after its members."`
	Agent       agentCommands       `cmd:"" help:"Run your own agent."`
	Whoami      whoamiCmd           `cmd:"" help:"Show who your key speaks for and what it may do." example:"lantern whoami --key-file submitter.key"`
	Types       typesCmd            `cmd:"" help:"List the types a signal can have." example:"lantern types -o csv"`
	Share       shareCmd            `cmd:"" help:"Share signals from a file." example:"lantern share removed.csv --dry-run\nlantern share removed.csv --program 4711 --rejects mend.csv"`
	Import      importCmd           `cmd:"" help:"Share signals from a file of any size." example:"lantern import removed.ndjson --dry-run\nlantern import export.csv --map URL=value --map 'Reporter=#' --program 4711 --rejects mend.csv"`
	Export      exportCmd           `cmd:"" help:"Write signals to a file." example:"lantern export mine.ndjson\nlantern export shared.csv --program 4711"`
	Signals     signalsCommands     `cmd:"" help:"Look after your own signals."`
	Incidents   incidentsCommands   `cmd:"" help:"Share what belongs together as one, and look after it."`
	Challenge   challengeCommands   `cmd:"" help:"Say that a signal is wrong, and decide."`
	Feed        feedCommands        `cmd:"" help:"Read what others share with you."`
	Feedback    feedbackCommands    `cmd:"" help:"Tell others what their signals were worth."`
	Outcome     outcomeCommands     `cmd:"" help:"Record what you did because of signals."`
	Corrections correctionsCommands `cmd:"" help:"Follow signals that fell until every copy is gone."`
	Match       member.Match        `cmd:"" help:"Look your own files up in what was shared with you." example:"lantern match posts.ndjson\nlantern match --account 8812345 export/\ngrep -h . *.log | lantern match -"`
	Hunt        member.Hunt         `cmd:"" help:"Look back over your past activity for what is new since the last time."`
	Tactics     member.Tactics      `cmd:"" help:"Read how they work, as others met it."`
	Hits        member.Hits         `cmd:"" help:"Work the queue of matches."`
	Quarantine  member.Quarantine   `cmd:"" help:"Look at signals that hit too much."`
	Cases       member.Cases        `cmd:"" help:"Review in rounds, from hits to outcomes."`
	Hash        hashCmd             `cmd:"" help:"Hash files the way signals are shared." example:"lantern hash upload.jpg\nlantern hash --type pdq,md5 uploads/"`
	Webhook     webhookCommands     `cmd:"" help:"Be called when something happens that concerns you."`
	Audit       auditCommands       `cmd:"" help:"Check the exchange's log, and an agent's own."`
	Version     versionCmd          `cmd:"" help:"Show which build this is." example:"lantern version"`
	Completion  completionCmd       `cmd:"" help:"Print a completion script for your shell." example:"lantern completion bash > /etc/bash_completion.d/lantern"`
}

type exchangeCommands struct {
	Init    exchangeInit          `cmd:"" help:"Found an exchange." example:"lantern exchange init \"The Coalition\" --dir exchange"`
	Serve   exchangeServe         `cmd:"" help:"Run the exchange." example:"lantern exchange serve --dir exchange\nlantern exchange serve --listen 0.0.0.0:443 --tls-cert exchange.pem --tls-key exchange.key"`
	Status  exchangeStatus        `cmd:"" help:"Show whether anything is past its time." example:"lantern exchange status --key-file exchange/keys/steward"`
	Backup  exchangeBackup        `cmd:"" help:"Back the database up while the exchange runs." example:"lantern exchange backup /backups/2026-11-23.lantern --dir exchange"`
	Rekey   exchangeRekey         `cmd:"" help:"Replace the key that values are sealed under, while the exchange runs." example:"lantern exchange rekey --dir exchange\nlantern exchange rekey --dir exchange --prepare"`
	Restore exchangeRestore       `cmd:"" help:"Read a backup into an empty database." example:"lantern exchange restore /backups/2026-11-23.lantern --dir exchange --db postgres://db.example.com/lantern"`
	Accept  exchangeAcceptRestore `cmd:"" name:"accept-restore" help:"Let an exchange that went back to a backup go on." example:"lantern exchange accept-restore --reason \"disk lost, backup of the night\" --key-file exchange/keys/steward"`
	Member  memberCommands        `cmd:"" help:"The organisations that take part."`
	Person  personCommands        `cmd:"" help:"The people of a member."`
	Service serviceCommands       `cmd:"" help:"The integrations of a member."`
	Key     keyCommands           `cmd:"" help:"The keys of people and services."`
	Program programCommands       `cmd:"" help:"Programs: who shares what with whom, under which rules."`
}

type agentCommands struct {
	Init    agentInit            `cmd:"" help:"Prepare an agent." example:"lantern agent init\nlantern agent init --dir agent --exchange https://exchange.example.com --key-file service.key --yes\nlantern agent init --key-file service.key --platform forum --match users.csv"`
	Run     agentRun             `cmd:"" help:"Run the agent." example:"lantern agent run --dir agent --exchange https://exchange.example.com"`
	Accept  member.AcceptRestore `cmd:"" name:"accept-restore" help:"Go on after the exchange went back to a backup." example:"lantern agent accept-restore 79004 --reason \"called the operator: disk lost\" --key-file investigator.key"`
	Doctor  member.Doctor        `cmd:"" help:"Find out what is wrong with an agent, and what to do." example:"lantern agent doctor --dir agent --exchange https://exchange.example.com"`
	Webhook member.Webhooks      `cmd:"" help:"Have your own systems called when something happens."`
	Volume  member.Volume        `cmd:"" help:"Show what would have been hits in shadow mode." example:"lantern agent volume --token-file agent/data/agent.token"`
	Status  member.Status        `cmd:"" help:"Show how the agent stands." example:"lantern agent status --token-file agent/data/agent.token"`
}

type memberCommands struct {
	Add   memberAdd   `cmd:"" help:"Enter an organisation that applied." example:"lantern exchange member add \"Cloudbin\""`
	List  memberList  `cmd:"" help:"List the members." example:"lantern exchange member list"`
	State memberState `cmd:"" help:"Move a member to another state." example:"lantern exchange member state 4711 active --reason \"agreement signed\""`
}

type personCommands struct {
	Add   personAdd   `cmd:"" help:"Enter a person, by a label and not by name." example:"lantern exchange person add reviewer-7 --role investigator --role submitter"`
	List  personList  `cmd:"" help:"List the people of your organisation." example:"lantern exchange person list"`
	Train personTrain `cmd:"" help:"Record that a person was trained." example:"lantern exchange person train 4711 --until 365d"`
}

type serviceCommands struct {
	Add  serviceAdd  `cmd:"" help:"Enter an integration." example:"lantern exchange service add upload-scanner --responsible 4711"`
	List serviceList `cmd:"" help:"List the integrations of your organisation." example:"lantern exchange service list"`
}

type keyCommands struct {
	Issue  keyIssue  `cmd:"" help:"Issue a key into a file." example:"lantern exchange key issue 4711 --scope read --scope share --to submitter.key"`
	List   keyList   `cmd:"" help:"List the keys of your organisation." example:"lantern exchange key list"`
	Rotate keyRotate `cmd:"" help:"Replace a key by another." example:"lantern exchange key rotate 123456789 --to agent/keys/exchange --replace"`
	Revoke keyRevoke `cmd:"" help:"Revoke a key." example:"lantern exchange key revoke 123456789"`
}

type programCommands struct {
	Add     programAdd     `cmd:"" help:"Found a program." example:"lantern exchange program add \"Hosting and social\" --purpose \"links to removed material\" --types url,domain,pdq"`
	List    programList    `cmd:"" help:"List the programs you may see." example:"lantern exchange program list"`
	Policy  programPolicy  `cmd:"" help:"Give a program a new policy." example:"lantern exchange program policy 4711 policy.json"`
	Join    programJoin    `cmd:"" help:"Let a member join." example:"lantern exchange program join 4711 4712 --direction both"`
	Leave   programLeave   `cmd:"" help:"Let a member leave." example:"lantern exchange program leave 4711 4712"`
	Members programMembers `cmd:"" help:"List the members of a program." example:"lantern exchange program members 4711"`
}

type signalsCommands struct {
	List     signalsList     `cmd:"" help:"List your signals." example:"lantern signals list --state active --type url"`
	Get      signalsGet      `cmd:"" help:"Show one signal." example:"lantern signals get 4711"`
	Reveal   member.Reveal   `cmd:"" help:"Show the value of a signal shared with you; your agent records that you looked." example:"lantern signals reveal 4711 --key-file investigator.key"`
	Renew    signalsRenew    `cmd:"" help:"Prolong a signal after a fresh review." example:"lantern signals renew 4711 --expires 90d --policy \"Child safety 4.2\" --reviewed-by human"`
	Narrow   signalsNarrow   `cmd:"" help:"Take a signal out of one program; in others it stays." example:"lantern signals narrow 4711 --program 4712"`
	Withdraw signalsWithdraw `cmd:"" help:"Take a signal back, everywhere." example:"lantern signals withdraw 4711 --reason shared-in-error"`
}

type incidentsCommands struct {
	Share    incidentsShare    `cmd:"" help:"Share an incident from a file: all its signals or none." example:"lantern incidents share incident.json"`
	List     incidentsList     `cmd:"" help:"List your incidents." example:"lantern incidents list"`
	Get      incidentsGet      `cmd:"" help:"Show an incident with its signals, yours or one shared with you." example:"lantern incidents get 4711"`
	Withdraw incidentsWithdraw `cmd:"" help:"Take an incident back, everywhere." example:"lantern incidents withdraw 4711 --reason shared-in-error"`
}

type challengeCommands struct {
	Open   challengeOpen   `cmd:"" help:"Say that a signal is wrong; it stops matching everywhere." example:"lantern challenge open 4711 --reason identifier-reused"`
	List   challengeList   `cmd:"" help:"List the challenges that concern you." example:"lantern challenge list"`
	Decide challengeDecide `cmd:"" help:"Answer a challenge." example:"lantern challenge decide 4711 uphold --reason \"the handle has another owner since May\""`
}

type feedCommands struct {
	Pull   feedPull   `cmd:"" help:"Read all there is." example:"lantern feed pull --cursor feed.cursor >> changes.ndjson"`
	Follow feedFollow `cmd:"" help:"Read on as changes come, until interrupted." example:"lantern feed follow --program 4711"`
}

type feedbackCommands struct {
	Add  feedbackAdd  `cmd:"" help:"React to a signal." example:"lantern feedback add 4711 helpful"`
	List feedbackList `cmd:"" help:"List the reactions to a signal." example:"lantern feedback list 4711"`
}

type outcomeCommands struct {
	Add    outcomeAdd    `cmd:"" help:"Record an outcome and attest it." example:"lantern outcome add urls-blocked --count 12 --signal 4711 --ground \"Child safety 4.2\" --singly 12 --decisions decided.csv"`
	List   outcomeList   `cmd:"" help:"List your outcomes." example:"lantern outcome list"`
	Totals outcomeTotals `cmd:"" help:"Show what came of your own signal, or of a program." example:"lantern outcome totals 4711\nlantern outcome totals --program 815"`
}

type correctionsCommands struct {
	List   correctionsList `cmd:"" help:"List the corrections that concern you." example:"lantern corrections list --overdue"`
	Tasks  member.Tasks    `cmd:"" help:"List what you must look at again." example:"lantern corrections tasks"`
	Settle member.Settle   `cmd:"" help:"Settle a task after looking again." example:"lantern corrections settle 4711 reversed --ground \"Child safety 4.2\""`
	Ack    correctionsAck  `cmd:"" help:"Acknowledge a step by hand." example:"lantern corrections ack 4711 purged"`
}

type webhookCommands struct {
	Add        webhookAdd        `cmd:"" help:"Have an address of yours called." example:"lantern webhook add https://hooks.example.com/lantern --to hook.secret\nlantern webhook add https://pager.example.com/in --event signal.imminent --to pager.secret"`
	List       webhookList       `cmd:"" help:"List your webhooks and how they fare." example:"lantern webhook list"`
	Deliveries webhookDeliveries `cmd:"" help:"List what was sent to a webhook, newest first." example:"lantern webhook deliveries 4711"`
	Test       webhookTest       `cmd:"" help:"Send a test." example:"lantern webhook test 4711"`
	Replay     webhookReplay     `cmd:"" help:"Deliver events again." example:"lantern webhook replay 4711 --event 4712\nlantern webhook replay 4711 --since 2026-03-01"`
	Rotate     webhookRotate     `cmd:"" help:"Replace a webhook's secret." example:"lantern webhook rotate 4711 --to hook.secret"`
	Remove     webhookRemove     `cmd:"" help:"Remove a webhook." example:"lantern webhook remove 4711"`
}

type auditCommands struct {
	Download    auditDownload    `cmd:"" help:"Fetch the log, or what is new of it." example:"lantern audit download log/"`
	Verify      auditVerify      `cmd:"" help:"Check a downloaded log, offline." example:"lantern audit verify log/ --log-key exchange.key --seen seen.checkpoint"`
	Inclusion   auditInclusion   `cmd:"" help:"Check that an entry is in the log." example:"lantern audit inclusion 42 --save 42.tlog-proof\nlantern audit inclusion 42.tlog-proof --log-key exchange.key"`
	Consistency auditConsistency `cmd:"" help:"Check that the log only grew." example:"lantern audit consistency --seen seen.checkpoint"`
	Own         auditOwn         `cmd:"" help:"Check an agent's own log of reveals and decisions, offline." example:"lantern audit own --dir agent\nlantern audit own --dir agent --anchors anchors.json"`
	Anchors     auditAnchors     `cmd:"" help:"List how far the own logs of agents are entered in the exchange's log." example:"lantern audit anchors --key-file auditor.key -o json > anchors.json"`
	Object      auditObject      `cmd:"" help:"Show and prove what an entry stands for." example:"lantern audit object 42 --key-file auditor.key"`
}

// showExamples puts each command's examples under its help.
func showExamples(k *kong.Kong) error {
	return kong.Visit(k.Model, func(v kong.Visitable, next kong.Next) error {
		node, ok := v.(*kong.Node)
		if !ok || node.Tag == nil || !node.Tag.Has("example") {
			return next(nil)
		}
		detail := node.Detail
		if detail != "" {
			detail += "\n\n"
		}
		detail += "For example:\n"
		for line := range strings.SplitSeq(node.Tag.Get("example"), "\n") {
			detail += "\n    " + line
		}
		node.Detail = detail
		return next(nil)
	})
}
