package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/world"
)

// The companies of the world. Each name is invented.
const (
	cloudbin  = "Cloudbin"
	facegram  = "Facegram"
	chatter   = "Chatter"
	payrail   = "PayRail"
	pixelplay = "Pixelplay"
)

// trades are the companies with what they do, in the order in which they appear.
var trades = []struct{ name, folder, trade string }{
	{cloudbin, "cloudbin", "file host"},
	{facegram, "facegram", "social network"},
	{chatter, "chatter", "chat service"},
	{pixelplay, "pixelplay", "game"},
	{payrail, "payrail", "payment service"},
}

// The people each company has, by the label under which the exchange knows them, and the
// service its agent runs as. A key's file is named after its holder.
const (
	admin        = "admin"
	submitter    = "submitter"
	investigator = "investigator"
	officer      = "dispute-officer"
	agentService = "agent"
)

var staff = []struct {
	label  string
	roles  []lantern.PersonRole
	scopes []lantern.Scope
}{
	{submitter, []lantern.PersonRole{lantern.Submitter}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}},
	{investigator, []lantern.PersonRole{lantern.Investigator}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeRespond}},
	{officer, []lantern.PersonRole{lantern.DisputeOfficer}, []lantern.Scope{lantern.ScopeRead, lantern.ScopeRespond}},
}

// company is one member with its people and its agent.
type company struct {
	name, trade string
	dir         string
	member      lantern.Member
	agent       Server
	exchange    *client.Client            // without a key
	people      map[string]*client.Client // the exchange, by who asks
	desk        map[string]*client.Agent  // the own agent, by who asks; "" is the local token
	platform    *world.Platform           // what it knows of its own users; nil for the file host
}

// keyPath is the file that holds somebody's key.
func (c *company) keyPath(label string) string { return filepath.Join(c.dir, "keys", label) }

// enroll makes a company a member: the steward takes it up and gives its admin a key; the
// admin adds the people and the service; the steward records their training.
func (c *company) enroll(ctx context.Context, steward *client.Client, now time.Time) error {
	m, err := steward.CreateMember(ctx, lantern.Member{Name: c.name, Kind: lantern.Company})
	if err != nil {
		return err
	}
	c.member, err = steward.SetMemberState(ctx, m.ID, lantern.StateChange{State: lantern.ActiveMember, Reason: "agreement signed (demo)"})
	if err != nil {
		return err
	}
	first, err := steward.CreatePerson(ctx, lantern.Person{Member: m.ID, Label: admin, Roles: []lantern.PersonRole{lantern.Admin}})
	if err != nil {
		return err
	}
	if err := c.issue(ctx, steward, admin, first.ID, []lantern.Scope{lantern.ScopeRead, lantern.ScopeManage}); err != nil {
		return err
	}
	own := c.people[admin]
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
func (c *company) issue(ctx context.Context, by *client.Client, label string, actor lantern.ID, scopes []lantern.Scope) error {
	key, err := by.IssueKey(ctx, lantern.Key{Actor: actor, Scopes: scopes})
	if err != nil {
		return err
	}
	if err := writeSecret(c.keyPath(label), key.Secret); err != nil {
		return err
	}
	c.people[label] = c.exchange.WithKey(key.Secret)
	return nil
}

// join makes a company part of a program.
func (c *company) join(ctx context.Context, steward *client.Client, program lantern.ID) error {
	_, err := steward.Join(ctx, lantern.Membership{Program: program, Member: c.member.ID, Direction: lantern.Both})
	return err
}

// open meets the company's agent: with the token from its file, and with each person's key.
func (c *company) open() error {
	token, err := readSecret(c.agent.Credential)
	if err != nil {
		return err
	}
	c.desk[""] = client.NewAgent(c.agent.URL, token, client.Options{})
	for _, s := range staff {
		key, err := readSecret(c.keyPath(s.label))
		if err != nil {
			return err
		}
		c.desk[s.label] = c.desk[""].WithKey(key)
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
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return string(b), nil
}
