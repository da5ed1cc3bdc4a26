package casework

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/signal"
)

// MaxTimeline bounds a page of a case's timeline.
const MaxTimeline = 1000

// OpenCase returns a case that takes work, or an error of kind NotFound or Conflict.
func OpenCase(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Case, error) {
	c, err := MustCase(ctx, tx, id)
	if err == nil && !c.Closed.IsZero() {
		err = &lantern.Error{Kind: lantern.Conflict, Reason: "the case is closed", Fix: "reopen it first"}
	}
	return c, err
}

// caseAct is something a person does with a case: in one transaction, with its entry in the
// agent's log and on the timeline. do returns what happened.
func (w *Desk) caseAct(ctx context.Context, person, id lantern.ID, what string, do func(*sqldb.Tx) (lantern.CaseEvent, error)) error {
	err := w.DB.Write(ctx, func(tx *sqldb.Tx) error {
		e, err := do(tx)
		if err != nil || e.Kind == "" {
			return err
		}
		e.Person, e.At = person, w.Clock()
		return w.tell(ctx, tx, id, e)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// tell writes an event of a case into the timeline and the agent's log.
func (w *Desk) tell(ctx context.Context, tx *sqldb.Tx, id lantern.ID, e lantern.CaseEvent) error {
	if err := agentstore.AddCaseEvent(ctx, tx, id, e); err != nil {
		return err
	}
	return w.Record(ctx, tx, audit.Decide, map[string]any{"person": e.Person},
		map[string]any{"case": id, "event": e.Kind, "object": e.Object, "count": e.Count, "word": e.Word})
}

// OwnCase says who has a case in hand: whoever calls takes it over, or its owner hands it on
// to another person of the member. The agent knows persons by their ids only.
func (w *Desk) OwnCase(ctx context.Context, person, id lantern.ID, to lantern.CaseOwner) (lantern.Case, error) {
	err := w.caseAct(ctx, person, id, "changing a case's owner", func(tx *sqldb.Tx) (e lantern.CaseEvent, err error) {
		k, err := OpenCase(ctx, tx, id)
		if err != nil {
			return e, err
		}
		next := to.Person
		if next == 0 {
			next = person
		}
		if next != person && k.Owner != person {
			return e, &lantern.Error{Kind: lantern.Forbidden, Reason: "only its owner hands a case on", Fix: "take it over first"}
		}
		if next == k.Owner {
			return e, nil
		}
		return lantern.CaseEvent{Kind: lantern.CaseOwned, Object: next}, agentstore.SetCaseOwner(ctx, tx, id, next)
	})
	if err != nil {
		return lantern.Case{}, err
	}
	return w.Case(ctx, id)
}

// SetCaseState closes a case or opens it again. A case does not close over tasks that are
// not done, a proposal that waits, or an outcome whose answer is missing (Conflict). Doing
// it twice changes nothing.
func (w *Desk) SetCaseState(ctx context.Context, person, id lantern.ID, s lantern.CaseState) (lantern.Case, error) {
	if err := s.Validate(); err != nil {
		return lantern.Case{}, err
	}
	err := w.caseAct(ctx, person, id, "closing or reopening a case", func(tx *sqldb.Tx) (e lantern.CaseEvent, err error) {
		k, err := MustCase(ctx, tx, id)
		if err != nil || k.Closed.IsZero() == (s.Close == "") {
			return e, err
		}
		if s.Close == "" {
			return lantern.CaseEvent{Kind: lantern.CaseReopened, Word: string(s.Reopen)}, agentstore.SetCaseState(ctx, tx, id, time.Time{}, "")
		}
		proposals, err := agentstore.ProposalsOf(ctx, tx, id)
		if err != nil {
			return e, err
		}
		unsent, err := agentstore.UnsentOutcomes(ctx, tx, id)
		if err != nil {
			return e, err
		}
		if k.Tasks+proposals+unsent > 0 {
			return e, &lantern.Error{Kind: lantern.Conflict, Reason: fmt.Sprintf("something waits: tasks not done %d, proposals not answered %d, outcomes not sent %d", k.Tasks, proposals, unsent),
				Fix: "finish them first"}
		}
		return lantern.CaseEvent{Kind: lantern.CaseClosed, Word: string(s.Close)}, agentstore.SetCaseState(ctx, tx, id, w.Clock(), s.Close)
	})
	if err != nil {
		return lantern.Case{}, err
	}
	return w.Case(ctx, id)
}

// CheckText refuses in a text of people's own what a signal's note may not hold: personal
// data, content. The field is where the complaint points.
func CheckText(field, text string) error {
	err := signal.CheckNote(text)
	var e *lantern.Error
	if errors.As(err, &e) {
		return &lantern.Error{Kind: e.Kind, Field: field, Reason: e.Reason, Fix: e.Fix}
	}
	return err
}

// textFor binds a sealed text to its place.
func textFor(id lantern.ID) string { return "case/text/" + id.String() }

// addText seals and keeps a note or task.
func (w *Desk) addText(ctx context.Context, person, id lantern.ID, row *agentstore.TextRow, text string) error {
	if err := CheckText("/text", text); err != nil {
		return err
	}
	var err error
	if row.ID, err = lantern.NewID(w.Random); err != nil {
		return err
	}
	record, wrapped, err := w.Sealer.NewRecord(ctx, w.Random)
	if err != nil {
		return fmt.Errorf("making a key for a text: %w", err)
	}
	row.Case, row.Person, row.At, row.Wrapped = id, person, w.Clock(), wrapped
	if row.Sealed, err = record.Seal(w.Random, textFor(row.ID), []byte(text)); err != nil {
		return fmt.Errorf("sealing a text: %w", err)
	}
	kind := lantern.CaseNoted
	if row.Task {
		kind = lantern.CaseTasked
	}
	return w.caseAct(ctx, person, id, "writing into a case", func(tx *sqldb.Tx) (lantern.CaseEvent, error) {
		if _, err := OpenCase(ctx, tx, id); err != nil {
			return lantern.CaseEvent{}, err
		}
		return lantern.CaseEvent{Kind: kind, Object: row.ID}, agentstore.InsertText(ctx, tx, *row)
	})
}

// openText reads a sealed text.
func (w *Desk) openText(ctx context.Context, t *agentstore.TextRow) (string, error) {
	record, err := w.Sealer.OpenRecord(ctx, t.Wrapped)
	if err != nil {
		return "", fmt.Errorf("opening the key of text %s: %w", t.ID, err)
	}
	plain, err := record.Open(textFor(t.ID), t.Sealed)
	if err != nil {
		return "", fmt.Errorf("opening text %s: %w", t.ID, err)
	}
	return string(plain), nil
}

// AddNote writes something down in a case. Texts with personal data or content are refused.
// Notes are not changed; a later one says what was wrong.
func (w *Desk) AddNote(ctx context.Context, person, id lantern.ID, n lantern.CaseNote) (lantern.CaseNote, error) {
	if err := n.Validate(); err != nil {
		return n, err
	}
	row := agentstore.TextRow{}
	if err := w.addText(ctx, person, id, &row, n.Text); err != nil {
		return lantern.CaseNote{}, err
	}
	return lantern.CaseNote{ID: row.ID, Person: row.Person, Text: n.Text, At: row.At}, nil
}

// AddTask notes something to be done in a case.
func (w *Desk) AddTask(ctx context.Context, person, id lantern.ID, t lantern.CaseTask) (lantern.CaseTask, error) {
	if err := t.Validate(); err != nil {
		return t, err
	}
	row := agentstore.TextRow{Task: true, Due: t.Due}
	if err := w.addText(ctx, person, id, &row, t.Text); err != nil {
		return lantern.CaseTask{}, err
	}
	return lantern.CaseTask{ID: row.ID, Person: row.Person, Text: t.Text, Due: row.Due, At: row.At}, nil
}

// texts reads the notes or tasks of a case. They are sealed and for people only.
func (w *Desk) texts(ctx context.Context, id lantern.ID, tasks bool, each func(agentstore.TextRow, string)) error {
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := MustCase(ctx, tx, id); err != nil {
			return err
		}
		rows, err := agentstore.LoadTexts(ctx, tx, id, tasks)
		if err != nil {
			return err
		}
		for _, r := range rows {
			text, err := w.openText(ctx, &r)
			if err != nil {
				return err
			}
			each(r, text)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading a case's texts: %w", err)
	}
	return nil
}

// Notes lists a case's notes in their order, to a person.
func (w *Desk) Notes(ctx context.Context, id lantern.ID) ([]lantern.CaseNote, error) {
	notes := []lantern.CaseNote{}
	err := w.texts(ctx, id, false, func(r agentstore.TextRow, text string) {
		notes = append(notes, lantern.CaseNote{ID: r.ID, Person: r.Person, Text: text, At: r.At})
	})
	return notes, err
}

// CaseTasks lists a case's tasks in their order, to a person.
func (w *Desk) CaseTasks(ctx context.Context, id lantern.ID) ([]lantern.CaseTask, error) {
	tasks := []lantern.CaseTask{}
	err := w.texts(ctx, id, true, func(r agentstore.TextRow, text string) {
		tasks = append(tasks, lantern.CaseTask{ID: r.ID, Person: r.Person, Text: text, Due: r.Due, At: r.At, Done: r.Done, DoneBy: r.DoneBy})
	})
	return tasks, err
}

// FinishTask notes that a task is done. A task that is done stays as it is.
func (w *Desk) FinishTask(ctx context.Context, person lantern.ID, id, task lantern.ID) (lantern.CaseTask, error) {
	var row agentstore.TextRow
	err := w.caseAct(ctx, person, id, "finishing a task", func(tx *sqldb.Tx) (e lantern.CaseEvent, err error) {
		if _, err := OpenCase(ctx, tx, id); err != nil {
			return e, err
		}
		var found bool
		if row, found, err = agentstore.LoadCaseTask(ctx, tx, id, task); err != nil {
			return e, err
		}
		if !found {
			return e, lantern.Errorf(lantern.NotFound, "no such task in this case")
		}
		if !row.Done.IsZero() {
			return e, nil
		}
		row.Done, row.DoneBy = w.Clock(), person
		return lantern.CaseEvent{Kind: lantern.CaseTaskDone, Object: task}, agentstore.FinishTask(ctx, tx, task, person, row.Done)
	})
	if err != nil {
		return lantern.CaseTask{}, err
	}
	text, err := w.openText(ctx, &row)
	return lantern.CaseTask{ID: row.ID, Person: row.Person, Text: text, Due: row.Due, At: row.At, Done: row.Done, DoneBy: row.DoneBy}, err
}

// Timeline returns a page of what happened in a case, in order, after the event of a number;
// 0 begins. A limit of 0 means 100; at most [MaxTimeline].
func (w *Desk) Timeline(ctx context.Context, id lantern.ID, after, limit int) ([]lantern.CaseEvent, error) {
	if limit <= 0 {
		limit = 100
	}
	events := []lantern.CaseEvent{}
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := MustCase(ctx, tx, id); err != nil {
			return err
		}
		page, err := agentstore.CaseEventsAfter(ctx, tx, id, after, min(limit, MaxTimeline))
		events = append(events, page...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading a timeline: %w", err)
	}
	return events, nil
}
