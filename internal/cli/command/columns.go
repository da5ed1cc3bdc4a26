package command

import (
	"strconv"

	"lantern"
	"lantern/internal/display"
)

// SignalColumns show a signal.
func SignalColumns() []display.Column[lantern.Signal] {
	return []display.Column[lantern.Signal]{
		display.Col("id", func(s lantern.Signal) string { return s.ID.String() }),
		display.Col("type", func(s lantern.Signal) string { return string(s.Type) }),
		display.Col("state", func(s lantern.Signal) string { return string(s.State) }),
		display.Col("status", func(s lantern.Signal) string { return string(s.Status) }),
		display.Col("tags", func(s lantern.Signal) string { return display.Words(s.Tags) }),
		display.Col("severity", func(s lantern.Signal) string { return string(s.Severity) }),
		display.Col("disputed", func(s lantern.Signal) string { return display.Yes(s.Disputed) }),
		display.Col("reactions", func(s lantern.Signal) string { return display.Count(s.Reactions) }),
		display.Col("expires", func(s lantern.Signal) string { return display.Stamp(s.Expires) }),
		display.Col("updated", func(s lantern.Signal) string { return display.Stamp(s.Updated) }),
		display.Col("member", func(s lantern.Signal) string { return s.Member.String() }),
		display.Col("incident", func(s lantern.Signal) string { return s.Incident.String() }),
		display.Col("value", func(s lantern.Signal) string {
			if s.Tactic != nil {
				return tacticText(s.Tactic)
			}
			return s.Value
		}),
	}
}

// OutcomeColumns show an outcome.
func OutcomeColumns() []display.Column[lantern.Outcome] {
	return []display.Column[lantern.Outcome]{
		display.Col("id", func(o lantern.Outcome) string { return o.ID.String() }),
		display.Col("kind", func(o lantern.Outcome) string { return string(o.Kind) }),
		display.Col("count", func(o lantern.Outcome) string { return strconv.Itoa(o.Count) }),
		display.Col("counted", func(o lantern.Outcome) string { return strconv.Itoa(o.Counted) }),
		display.Col("signals", func(o lantern.Outcome) string { return strconv.Itoa(len(o.Signals)) }),
		display.Col("singly", func(o lantern.Outcome) string {
			return attested(o, func(t *lantern.Attestation) int { return t.Singly })
		}),
		display.Col("in bulk", func(o lantern.Outcome) string {
			return attested(o, func(t *lantern.Attestation) int { return t.InBulk })
		}),
		display.Col("at", func(o lantern.Outcome) string { return display.Stamp(o.At) }),
		display.Col("program", func(o lantern.Outcome) string { return o.Program.String() }),
		display.Col("corrects", func(o lantern.Outcome) string { return o.Corrects.String() }),
	}
}

func attested(o lantern.Outcome, n func(*lantern.Attestation) int) string {
	if o.Attestation == nil {
		return ""
	}
	return strconv.Itoa(n(o.Attestation))
}

// WebhookColumns show a webhook, of the exchange or of an agent.
func WebhookColumns() []display.Column[lantern.Webhook] {
	return []display.Column[lantern.Webhook]{
		display.Col("id", func(w lantern.Webhook) string { return w.ID.String() }),
		display.Col("url", func(w lantern.Webhook) string { return w.URL }),
		display.Col("events", func(w lantern.Webhook) string {
			if len(w.Events) == 0 {
				return "all"
			}
			return display.Words(w.Events)
		}),
		display.Col("state", func(w lantern.Webhook) string { return string(w.State) }),
		display.Col("pending", func(w lantern.Webhook) string { return strconv.Itoa(w.Pending) }),
		display.Col("dead", func(w lantern.Webhook) string { return strconv.Itoa(w.Dead) }),
		display.Col("last delivered", func(w lantern.Webhook) string { return display.Stamp(w.Delivered) }),
		display.Col("failing since", func(w lantern.Webhook) string { return display.Stamp(w.Failing) }),
		display.Col("last failure", func(w lantern.Webhook) string { return w.Failure }),
	}
}

// DeliveryColumns show what was sent to a webhook.
func DeliveryColumns() []display.Column[lantern.Delivery] {
	return []display.Column[lantern.Delivery]{
		display.Col("event", func(d lantern.Delivery) string { return d.Event.ID.String() }),
		display.Col("type", func(d lantern.Delivery) string { return string(d.Event.Type) }),
		display.Col("object", func(d lantern.Delivery) string { return d.Event.Data.Object.String() }),
		display.Col("at", func(d lantern.Delivery) string { return display.Stamp(d.Event.At) }),
		display.Col("state", func(d lantern.Delivery) string { return string(d.State) }),
		display.Col("attempts", func(d lantern.Delivery) string { return strconv.Itoa(d.Attempts) }),
		display.Col("next", func(d lantern.Delivery) string { return display.Stamp(d.Next) }),
		display.Col("status", func(d lantern.Delivery) string {
			if d.Status == 0 {
				return ""
			}
			return strconv.Itoa(d.Status)
		}),
		display.Col("failure", func(d lantern.Delivery) string { return d.Failure }),
	}
}

// ReplayedColumns show what a replay came to.
func ReplayedColumns() []display.Column[lantern.Replayed] {
	return []display.Column[lantern.Replayed]{
		display.Col("deliveries", func(r lantern.Replayed) string { return strconv.Itoa(r.Deliveries) }),
	}
}

// RowColumns show what became of a row.
func RowColumns() []display.Column[lantern.ImportRow] {
	return []display.Column[lantern.ImportRow]{
		display.Col("line", func(r lantern.ImportRow) string { return strconv.Itoa(r.Line) }),
		display.Col("type", func(r lantern.ImportRow) string { return string(r.Type) }),
		display.Col("status", func(r lantern.ImportRow) string { return string(r.Status) }),
		display.Col("signal", func(r lantern.ImportRow) string { return r.Signal.String() }),
		display.Col("field", func(r lantern.ImportRow) string { return r.Field }),
		display.Col("reason", func(r lantern.ImportRow) string { return r.Reason }),
		display.Col("fix", func(r lantern.ImportRow) string { return r.Fix }),
	}
}

// ProblemText shows a problem in one cell.
func ProblemText(p *lantern.Problem) string {
	if p == nil {
		return ""
	}
	return (&lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}).Error()
}

// tacticText shows a tactic in one cell, where other signals have a value.
func tacticText(t *lantern.Tactic) string {
	return display.Join(append([]string{display.Words(t.Contact) + " > " + display.Words(t.MovesTo) + " > " + display.Words(t.Demands)}, t.Words...))
}

// RestoreColumns show how an exchange or an agent went on after a restore.
func RestoreColumns() []display.Column[lantern.Restore] {
	return []display.Column[lantern.Restore]{
		display.Col("entry", func(r lantern.Restore) string { return strconv.FormatInt(r.Entry, 10) }),
		display.Col("entries lost", func(r lantern.Restore) string { return strconv.FormatInt(r.Lost, 10) }),
		display.Col("accepted", func(r lantern.Restore) string { return display.Stamp(r.Accepted) }),
		display.Col("reason", func(r lantern.Restore) string { return r.Reason }),
	}
}

// Help that both sides' webhooks share.
const (
	ReplayHelp   = "Events are kept for 30 days. Delivered ones are delivered again under the same id, and a disabled webhook is enabled."
	RotationHelp = "For 24 hours requests are signed with the earlier secret too, so that the receiver can take over the other one meanwhile. " +
		"Rotating again in that time ends the earlier one at once: if a secret got out, rotate twice."
)
