package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lantern"
	"lantern/client"
)

// The companies of the world. Each name is invented.
const (
	Cloudbin  = "Cloudbin"
	Facegram  = "Facegram"
	Chatter   = "Chatter"
	PayRail   = "PayRail"
	Pixelplay = "Pixelplay"
)

// trades are the companies with what they do, in the order in which they appear.
var trades = []struct{ name, folder, trade string }{
	{Cloudbin, "cloudbin", "file host"},
	{Facegram, "facegram", "social network"},
	{Chatter, "chatter", "chat service"},
	{Pixelplay, "pixelplay", "game"},
	{PayRail, "payrail", "payment service"},
}

// The people each company has, by the label under which the exchange knows them, and the
// service its agent runs as. A key's file is named after its holder.
const (
	Admin        = "admin"
	Submitter    = "submitter"
	Investigator = "investigator"
	Officer      = "dispute-officer"
	agentService = "agent"
)

var staff = []struct {
	label  string
	roles  []lantern.PersonRole
	scopes []lantern.Scope
}{
	{Submitter, []lantern.PersonRole{lantern.Submitter}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}},
	{Investigator, []lantern.PersonRole{lantern.Investigator}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeRespond}},
	{Officer, []lantern.PersonRole{lantern.DisputeOfficer}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeRespond}},
}

// Company is one member with its people and its agent.
type Company struct {
	Name, Trade string
	Dir         string // where its keys and its agent live
	Member      lantern.Member
	Agent       Server
	People      map[string]*client.Client // the exchange, by who asks
	Desk        map[string]*client.Agent  // the own agent, by who asks; "" is the local token

	exchange *client.Client // without a key
	running  bool           // whether the agent is
}

// KeyPath is the file that holds somebody's key.
func (c *Company) KeyPath(label string) string { return filepath.Join(c.Dir, "keys", label) }

// enroll makes a company a member: the steward takes it up and gives its admin a key; the
// admin adds the people and the service; the steward records their training.
func (c *Company) enroll(ctx context.Context, steward *client.Client, now time.Time) error {
	m, err := steward.CreateMember(ctx, lantern.Member{Name: c.Name, Kind: lantern.Company})
	if err != nil {
		return err
	}
	c.Member, err = steward.SetMemberState(ctx, m.ID, lantern.StateChange{State: lantern.ActiveMember, Reason: "agreement signed (demo)"})
	if err != nil {
		return err
	}
	first, err := steward.CreatePerson(ctx, lantern.Person{Member: m.ID, Label: Admin, Roles: []lantern.PersonRole{lantern.Admin}})
	if err != nil {
		return err
	}
	if err := c.issue(ctx, steward, Admin, first.ID, []lantern.Scope{lantern.ScopeRead, lantern.ScopeManage}); err != nil {
		return err
	}
	own := c.People[Admin]
	var responsible lantern.ID
	for _, s := range staff {
		p, err := own.CreatePerson(ctx, lantern.Person{Label: s.label, Roles: s.roles})
		if err != nil {
			return err
		}
		if _, err := steward.TrainPerson(ctx, p.ID, now.AddDate(0, 6, 0)); err != nil {
			return err
		}
		if err := c.issue(ctx, own, s.label, p.ID, s.scopes); err != nil {
			return err
		}
		responsible = p.ID
	}
	service, err := own.CreateService(ctx, lantern.Service{Name: agentService, Responsible: responsible})
	if err != nil {
		return err
	}
	return c.issue(ctx, own, agentService, service.ID, []lantern.Scope{lantern.ScopeRead})
}

// issue makes a key, writes it to its file and keeps a client that speaks with it.
func (c *Company) issue(ctx context.Context, by *client.Client, label string, actor lantern.ID, scopes []lantern.Scope) error {
	key, err := by.IssueKey(ctx, lantern.Key{Actor: actor, Scopes: scopes})
	if err != nil {
		return err
	}
	if err := writeSecret(c.KeyPath(label), key.Secret); err != nil {
		return err
	}
	c.People[label] = c.exchange.WithKey(key.Secret)
	return nil
}

// open meets the company's agent: with the token from its file, and with each person's key.
func (c *Company) open() error {
	token, err := readSecret(c.Agent.Credential)
	if err != nil {
		return err
	}
	c.Desk[""] = client.NewAgent(c.Agent.URL, token, client.Options{})
	for _, s := range staff {
		key, err := readSecret(c.KeyPath(s.label))
		if err != nil {
			return err
		}
		c.Desk[s.label] = c.Desk[""].WithKey(key)
	}
	return nil
}

// CaughtUp waits until the company's agent holds so many active signals of a program.
func (c *Company) CaughtUp(ctx context.Context, program lantern.ID, want int) error {
	err := Until(ctx, func() (bool, error) {
		status, err := c.Desk[""].Status(ctx)
		if err != nil {
			return false, err
		}
		for _, p := range status.Programs {
			if p.Program == program && p.Signals >= want && p.Loaded {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the agent of %s: %w", c.Name, err)
	}
	return nil
}

// fresh waits until the agent answers, and its answers can be relied on.
func (c *Company) fresh(ctx context.Context) error {
	err := Until(ctx, func() (bool, error) {
		if c.Desk[""].Ready(ctx) != nil {
			return false, nil
		}
		status, err := c.Desk[""].Status(ctx)
		return status.Answers == lantern.AnswerOK, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the agent of %s: %w", c.Name, err)
	}
	return nil
}

// writeSecret writes a credential to a file of its own that only the user may read.
func writeSecret(path, secret string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	_, err = io.WriteString(f, secret+"\n")
	return errors.Join(err, f.Close())
}

// readSecret reads a credential back.
func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a key: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
