package threatexchange

import (
	"cmp"
	"slices"
	"strings"

	"lantern"
)

// Node is one object with its fields, before a selection.
type Node map[string]any

// Edge is a list of objects that an object leads to.
type Edge struct {
	Data []Node `json:"data"`
}

// Fields is what a client wants of an object: names, each with what it wants of what stands
// there. No fields mean the usual ones.
type Fields map[string]Fields

// Bounds of a selection.
const (
	maxFields = 200
	maxNested = 6
)

// ParseFields reads a selection such as a,b{c,d{e}}. What stands in parentheses behind a name
// (".limit(5)") is passed over, and so is ".limit" itself.
func ParseFields(text string) (Fields, error) {
	p := fieldParser{rest: text}
	f, err := p.list(0)
	if err == nil && p.rest != "" {
		err = errFields
	}
	return f, err
}

var errFields = bad("/fields", "malformed selection of fields", "names separated by commas, nested ones in braces: a,b{c,d}")

type fieldParser struct {
	rest  string
	count int
}

// list reads names up to a closing brace or the end.
func (p *fieldParser) list(depth int) (Fields, error) {
	f := Fields{}
	for {
		end := strings.IndexAny(p.rest, ",{}")
		if end < 0 {
			end = len(p.rest)
		}
		name, _, _ := strings.Cut(p.rest[:end], ".")
		name = strings.TrimSpace(name)
		if p.count++; p.count > maxFields || len(name) > 64 {
			return nil, errFields
		}
		p.rest = p.rest[end:]
		var inner Fields
		if strings.HasPrefix(p.rest, "{") {
			if name == "" || depth == maxNested {
				return nil, errFields
			}
			p.rest = p.rest[1:]
			var err error
			if inner, err = p.list(depth + 1); err != nil {
				return nil, err
			}
			if !strings.HasPrefix(p.rest, "}") {
				return nil, errFields
			}
			p.rest = p.rest[1:]
		}
		if name != "" {
			f[name] = inner
		}
		if !strings.HasPrefix(p.rest, ",") {
			return f, nil
		}
		p.rest = p.rest[1:]
	}
}

// Select returns what is wanted of a node: the fields named, or those that are usual. The id is
// always there. Names it does not have are passed over, for clients ask for more than
// documents tell.
func Select(n Node, f Fields, usual ...string) Node {
	if len(f) == 0 {
		f = Fields{}
		for _, name := range usual {
			f[name] = nil
		}
	}
	out := Node{"id": n["id"]}
	for name, inner := range f {
		v, ok := n[name]
		if !ok {
			continue
		}
		switch v := v.(type) {
		case Node:
			out[name] = choose(v, inner)
		case Edge:
			list := make([]Node, len(v.Data))
			for i, item := range v.Data {
				list[i] = choose(item, inner)
			}
			out[name] = Edge{list}
		default:
			out[name] = v
		}
	}
	return out
}

// choose selects from what stands inside of another object.
func choose(n Node, f Fields) Node {
	usual, _ := n[usualOf].([]string)
	if usual == nil {
		for name := range n {
			usual = append(usual, name)
		}
	}
	return Select(n, f, usual...)
}

// usualOf is where a node keeps the names of its usual fields. It is never shown: no selection
// can name it.
const usualOf = "\x00usual"

// Who tells how a member shows to the caller.
type Who func(lantern.ID) Node

// Descriptor is a signal as a descriptor. indicator is the id of its value; 0 if it is not
// known.
func Descriptor(s *lantern.Signal, feedback []lantern.Feedback, caller lantern.ID, indicator lantern.ID, who Who) Node {
	kind, tag := IndicatorType(s.Type)
	n := Node{
		"id": s.ID.String(), "type": kind, "raw_indicator": s.Value, "status": Status(s), "description": s.Basis.Policy,
		"added_on": Stamp(s.Created), "last_updated": Stamp(s.Updated), "confidence": s.Confidence,
		"owner": who(s.Member), "tags": Edge{tagNodes(s.Tags, tag)}, "precision": "UNKNOWN", "source_uri": "",
		"severity": to(severities, s.Severity), "share_level": to(levels, s.Handling), "review_status": to(reviews, s.Basis.ReviewedBy),
		"privacy_type": privacyGroup, "privacy_members": idTexts(s.Programs), "expired_on": Stamp(s.Expires),
		"reactions": reactionList(feedback, who), "my_reactions": mine(feedback, caller),
		usualOf: []string{"indicator", "owner", "type", "raw_indicator", "description", "status", "tags"},
	}
	if indicator != 0 {
		n["indicator"] = Node{"id": indicator.String(), "indicator": s.Value, "type": kind}
	}
	if !s.FirstSeen.IsZero() {
		n["first_active"] = Stamp(s.FirstSeen)
	}
	if !s.LastSeen.IsZero() {
		n["last_active"] = Stamp(s.LastSeen)
	}
	if s.State == lantern.Held {
		n["lantern_state"] = string(s.State)
	}
	return n
}

// Usual returns the names of a node's usual fields.
func Usual(n Node) []string {
	usual, _ := n[usualOf].([]string)
	return usual
}

func idTexts(ids []lantern.ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return list
}

// tagTexts are tags as they show, with the one that tells a type.
func tagTexts(tags []lantern.Tag, typed string) []string {
	list := make([]string, 0, len(tags)+1)
	for _, t := range tags {
		list = append(list, TagText(t))
	}
	if typed != "" {
		list = append(list, typed)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func tagNodes(tags []lantern.Tag, typed string) []Node {
	texts := tagTexts(tags, typed)
	list := make([]Node, len(texts))
	for i, text := range texts {
		list[i] = Node{"id": TagID(ParseTag(text)).String(), "text": text}
	}
	return list
}

// Tag is a tag as an object.
func Tag(t lantern.Tag) Node {
	return Node{"id": TagID(t).String(), "text": TagText(t), usualOf: []string{"text"}}
}

// reaction is who reacted so: apps, separated by commas.
type reaction struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func reactionList(feedback []lantern.Feedback, who Who) []reaction {
	by := map[string][]string{}
	for _, f := range feedback {
		key := to(reactions, f.Reaction)
		id, _ := who(f.Member)["id"].(string)
		by[key] = append(by[key], id)
	}
	list := make([]reaction, 0, len(by))
	for key, ids := range by {
		list = append(list, reaction{key, strings.Join(ids, ",")})
	}
	slices.SortFunc(list, func(a, b reaction) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

func mine(feedback []lantern.Feedback, caller lantern.ID) []string {
	list := []string{}
	for _, f := range feedback {
		if f.Member == caller {
			list = append(list, to(reactions, f.Reaction))
		}
	}
	return list
}

// Group is a program as a privacy group.
func Group(p *lantern.Program, members []Node) Node {
	return Node{
		"id": p.ID.String(), "name": p.Name, "description": p.Purpose, "members_can_see": true, "members_can_use": true,
		"threat_updates_enabled": true, "added_on": Stamp(p.Created), "last_updated": Stamp(p.Created), "members": Edge{members},
		usualOf: []string{"name", "description", "members_can_see", "members_can_use"},
	}
}

// Member is a member; id is how it shows to the caller. It has no address here, but a client
// that is not told of an empty one fails.
func Member(id lantern.ID, name string) Node {
	return Node{"id": id.String(), "name": name, "email": "", usualOf: []string{"name", "email"}}
}

// TaggedObject is a signal in the list of what bears a tag.
func TaggedObject(s *lantern.Signal) Node {
	return Node{"id": s.ID.String(), "type": "THREAT_DESCRIPTOR", "name": s.Value, usualOf: []string{"type", "name"}}
}
