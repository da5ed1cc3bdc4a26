// Package tally holds what a story came to: figures that were counted while it ran. They
// are what `lantern demo -o json` prints. The same seed and size give the same figures; what
// no two runs have in common stands apart in [Varying].
package tally

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"lantern"
)

// Figures are what a story came to. All of them were counted while it ran; the same seed
// and size give the same figures.
type Figures struct {
	Story string       `json:"story"`
	Seed  uint64       `json:"seed"`
	World WorldFigures `json:"world"`

	// Of the stories of the trade: urls, and correction, which begins where urls ends.
	DryRun       DryRunFigures           `json:"dry_run,omitzero"`
	Shared       ShareFigures            `json:"shared,omitzero"`
	Review       CaseFigures             `json:"review,omitzero"`
	SharedBack   ShareFigures            `json:"shared_back,omitzero"`
	Payments     ShareFigures            `json:"shared_to_payments,omitzero"`
	Others       map[string]*OtherReview `json:"others,omitempty"`
	Returned     ReturnFigures           `json:"returned,omitzero"`
	Transparency SumFigures              `json:"transparency,omitzero"`
	Correction   CorrectionFigures       `json:"correction,omitzero"`
	Comparison   Comparison              `json:"comparison,omitzero"`

	Incident IncidentFigures `json:"incident,omitzero"` // of sextortion
	Clues    ClueFigures     `json:"clues,omitzero"`    // of payments

	Log         LogFigures `json:"log"`
	TimesAndLog Varying    `json:"varies"` // what no two runs have in common
}

// WorldFigures count what was drawn.
type WorldFigures struct {
	Rows     int            `json:"removed_rows,omitempty"`
	Accounts map[string]int `json:"accounts"`
	Posts    int            `json:"posts"`
}

// DryRunFigures count what a dry run found.
type DryRunFigures struct {
	Rows    int `json:"rows"`
	Ready   int `json:"ready"`
	Repeats int `json:"repeats"` // of a value that an earlier row has, in another spelling
	Refused int `json:"refused"`
}

// ShareFigures count what became of drafts.
type ShareFigures struct {
	Drafts  int                         `json:"drafts"`
	Results map[lantern.ShareStatus]int `json:"results"`
	Types   map[lantern.SignalType]int  `json:"types"`   // of those that stand
	Refused map[string]int              `json:"refused"` // by reason
}

// CaseFigures count a case from hits to outcomes.
type CaseFigures struct {
	Records    int                         `json:"records"`
	Matched    int                         `json:"matched_records"`
	Signals    int                         `json:"signals_seen"`
	Rounds     []RoundFigures              `json:"rounds"`
	Accounts   int                         `json:"accounts"`
	Decided    map[lantern.HitDecision]int `json:"decided"`
	Singly     int                         `json:"reviewed_singly"`
	InBulk     int                         `json:"reviewed_in_bulk"`
	Outcomes   map[lantern.OutcomeKind]int `json:"outcomes"`
	Incomplete int                         `json:"reports_waiting_for_data"`
}

// RoundFigures count one widening.
type RoundFigures struct {
	Links    map[string]int              `json:"links"`
	Added    int                         `json:"added"`
	Total    int                         `json:"total"`
	Decided  map[lantern.HitDecision]int `json:"decided"`
	TooBroad int                         `json:"links_left_out"` // devices that too many people share
	Warning  string                      `json:"warning,omitempty"`
}

// OtherReview counts what another company did with what was shared back.
type OtherReview struct {
	CaseFigures
	SharedBack *ShareFigures `json:"shared_back,omitempty"`
}

// ReturnFigures count what the sharers learned about their own signals.
type ReturnFigures struct {
	Signals    int                                  `json:"signals"`    // the file host's
	Productive int                                  `json:"productive"` // of them, with an outcome of somebody
	Members    lantern.Cell                         `json:"members"`    // most members that named one of them
	Outcomes   map[lantern.OutcomeKind]lantern.Cell `json:"outcomes"`   // largest that one of them shows
	Reactions  map[lantern.Reaction]int             `json:"reactions"`  // to the social network's signals
}

// SumFigures are a program's sums as one member reads them.
type SumFigures struct {
	Members    lantern.Cell                         `json:"members"`
	Outcomes   map[lantern.OutcomeKind]lantern.Cell `json:"outcomes"`
	ChainDepth int                                  `json:"chain_depth,omitempty"` // members in the longest chain of derived signals
}

// CorrectionFigures count how a wrong signal was taken back.
type CorrectionFigures struct {
	MatchedBefore int                     `json:"agents_matching_before"`
	MatchedAfter  int                     `json:"agents_matching_after"`
	Corrections   int                     `json:"corrections"`
	Recipients    int                     `json:"recipients"`
	Masked        int                     `json:"masked"`
	Purged        int                     `json:"purged"`
	Overdue       int                     `json:"overdue_while_one_was_away"`
	Derived       int                     `json:"derived_signals_suspended"`
	Reaffirmed    int                     `json:"derived_signals_reaffirmed"` // of them
	Tasks         map[string]*TaskFigures `json:"tasks"`
	Reversed      int                     `json:"outcomes_reversed"` // acts taken back, over all companies
}

// TaskFigures count one company's list of what it did because of the signal.
type TaskFigures struct {
	Hits     int            `json:"hits"`
	Accounts int            `json:"accounts"`
	Outcomes int            `json:"outcomes"`
	Results  map[string]int `json:"results"`
}

// IncidentFigures count how an incident went round.
type IncidentFigures struct {
	Refused  map[string]int                       `json:"refused"` // faults of the first draft, by reason
	Signals  int                                  `json:"signals"`
	Paged    map[string]int                       `json:"paged"` // events, by company
	Reviews  map[string]*CaseFigures              `json:"reviews"`
	Returned map[lantern.OutcomeKind]lantern.Cell `json:"returned"` // largest that one of its signals shows
	Members  lantern.Cell                         `json:"members"`  // most members that name one of them
	Helpful  int                                  `json:"helpful"`  // reactions
	Phrase   PhraseFigures                        `json:"phrase"`
	Tactics  map[string]int                       `json:"tactics_read"` // by company

	ID lantern.ID `json:"-"` // of the incident
}

// PhraseFigures are what a match of the words says when they are shared as words to look for.
type PhraseFigures struct {
	Status    lantern.Status           `json:"status"`
	Weak      bool                     `json:"weak"`
	Imminent  bool                     `json:"imminent"`
	Reactions map[lantern.Reaction]int `json:"reactions"`
}

// ClueFigures count what passed between platforms and a payment service.
type ClueFigures struct {
	Refused        map[string]int `json:"refused"` // what the program's rules did not let in, by reason
	Shared         ShareFigures   `json:"shared"`
	Investigations int            `json:"investigations"` // on the payment service's own screen only
	InReview       int            `json:"reactions_in_review"`
	Before         SumFigures     `json:"before_delay"`
	After          SumFigures     `json:"after_delay"`
	Back           ShareFigures   `json:"shared_back"`
	Found          int            `json:"accounts_found_with_it"`
	LeftAtEnd      int            `json:"signals_left_at_end"` // in the payment service's agent
}

// LogFigures count the log's entries but for disclosures and acknowledgements, whose
// numbers depend on how the agents happened to read and to answer: purged, if it comes
// first, acknowledges masked with it.
type LogFigures struct {
	Verified bool             `json:"verified"`
	Entries  map[string]int64 `json:"entries"`
}

// Comparison holds the people's decisions against the truth of the world.
type Comparison struct {
	Trade            int `json:"accounts_of_the_trade"` // at the social network, planted
	Actioned         int `json:"actioned_rightly"`
	WronglyActioned  int `json:"actioned_wrongly"` // over all companies, before the correction
	WronglyRemaining int `json:"still_wrong_after_correction"`
	Reached          int `json:"accounts_of_the_trade_reached"`
}

// Varying holds what differs between runs: times, and what follows from them.
type Varying struct {
	Ready       time.Duration            `json:"ready_ns"`
	Story       time.Duration            `json:"story_ns"`
	Chapters    []time.Duration          `json:"chapters_ns"`
	Masked      map[string]time.Duration `json:"masked_ns"` // from the challenge's answer until an agent matched no longer
	Purged      time.Duration            `json:"all_purged_ns"`
	LogSize     int64                    `json:"log_size"`
	Disclosures int64                    `json:"disclosures"`
	Acks        int64                    `json:"acknowledgements"`
	Checkpoint  string                   `json:"checkpoint_root"`
}

// NewShareFigures returns figures to count in.
func NewShareFigures() ShareFigures {
	return ShareFigures{Results: map[lantern.ShareStatus]int{}, Types: map[lantern.SignalType]int{}, Refused: map[string]int{}}
}

// Add counts one result.
func (f *ShareFigures) Add(d lantern.Draft, r lantern.ShareResult) {
	f.Drafts++
	f.Results[r.Status]++
	switch {
	case r.Problem != nil:
		f.Refused[r.Problem.Reason]++
	case r.Status != lantern.Unchanged:
		f.Types[d.Type]++
	}
}

// Stand is how many signals the drafts became.
func (f *ShareFigures) Stand() int {
	return f.Results[lantern.Created] + f.Results[lantern.Updated]
}

// NewCaseFigures returns figures to count in.
func NewCaseFigures() CaseFigures {
	return CaseFigures{Decided: map[lantern.HitDecision]int{}, Outcomes: map[lantern.OutcomeKind]int{}}
}

// Write prints the figures as JSON.
func (f *Figures) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("printing the figures: %w", err)
	}
	return nil
}
