package demo

import (
	"fmt"
	"path/filepath"

	"lantern"
	"lantern/internal/demo/stage"
)

// hint is something to try while everything stays up.
type hint struct{ what, line string }

// whatNext says what to try: with curl, which shows the wire, and with lantern itself.
func (s *story) whatNext() {
	s.n.Printf("\nEverything stays up until Ctrl-C. To try meanwhile, in another terminal:\n")
	s.n.Text("", "", "(For lantern, write what you started this with, such as go run ./cmd/lantern.)")
	hints := s.plot.try(s)
	hints = append(hints, hint{"check the downloaded log again, offline", "lantern audit verify " + filepath.Join(s.Dir, "log")})
	for _, p := range plots {
		if p.name != s.plot.name {
			hints = append(hints, hint{"another story: " + p.about, "lantern demo " + p.name})
		}
	}
	for _, h := range hints {
		s.n.Printf("\n   # %s\n   %s\n", h.what, h.line)
	}
}

// curl is a POST of JSON with the key from a file.
func curl(url, keyFile, body string) string {
	return fmt.Sprintf("curl -s %s -H \"Authorization: Bearer $(cat %s)\" \\\n     -H 'Content-Type: application/json' -d '%s'", url, keyFile, body)
}

// as is a lantern command that somebody gives at the own agent; with an empty label,
// whoever has the agent's token.
func (s *story) as(c *stage.Company, label, command string) string {
	if label == "" {
		return fmt.Sprintf("lantern %s --agent %s --token-file %s", command, c.Agent.URL, c.Agent.Credential)
	}
	return fmt.Sprintf("lantern %s --agent %s --key-file %s", command, c.Agent.URL, c.KeyPath(label))
}

// at is a lantern command that somebody gives at the exchange.
func (s *story) at(keyFile, command string) string {
	return fmt.Sprintf("lantern %s --exchange %s --key-file %s", command, s.Exchange.URL, keyFile)
}

func (s *story) tryUrls() []hint {
	host, social, chat := s.Company(stage.Cloudbin), s.Company(stage.Facegram), s.Company(stage.Chatter)
	return []hint{
		{"share an address as Cloudbin's submitter ...", curl(s.Exchange.URL+"/v1/signals", host.KeyPath(stage.Submitter),
			fmt.Sprintf(`{"programs":["%s"],"type":"url","value":"https://cloudbin.test/f/try-me","tags":["csam"],"basis":{"policy":"section 4","reviewed_by":"human"}}`, s.program(hosting)))},
		{"... and find it in a message at Chatter", curl(chat.Agent.URL+"/v1/match", chat.Agent.Credential,
			`{"items":[{"ref":"message/1","account":"ch-1","text":"see https://cloudbin.test/f/try-me"}]}`)},
		{"the hits that wait at Chatter", s.as(chat, "", "hits list")},
		{"Facegram's case", s.as(social, stage.Investigator, "cases list")},
		{"look your own files up at Chatter's agent", s.as(chat, "", "match FILES...")},
		{"what the program achieved, as Cloudbin sees it", s.at(host.KeyPath(stage.Submitter), "outcome totals --program "+s.program(hosting).String())},
		{"the log's head, which anybody may read", "curl -s " + s.Exchange.URL + "/v1/log/checkpoint"},
	}
}

func (s *story) trySextortion() []hint {
	chat, social := s.Company(stage.Chatter), s.Company(stage.Facegram)
	return []hint{
		{"the incident as another member gets it, with a key of Facegram's", s.at(social.KeyPath(stage.Investigator), "incidents get "+s.f.Incident.ID.String())},
		{"the tactic, as Facegram's people read it", s.as(social, stage.Investigator, "tactics list")},
		{"take the whole incident back, as Chatter", s.at(chat.KeyPath(stage.Submitter), "incidents withdraw "+s.f.Incident.ID.String()+" --reason shared-in-error")},
		{"... and see who acknowledged", s.at(s.Exchange.Credential, "corrections list")},
	}
}

func (s *story) tryPayments() []hint {
	chat, pay := s.Company(stage.Chatter), s.Company(stage.PayRail)
	return []hint{
		{"what Chatter learns of the program, after its delay", s.at(chat.KeyPath(stage.Submitter), "outcome totals --program "+s.program(purpose).String())},
		{"PayRail's own case, which nobody else sees", s.as(pay, stage.Investigator, "cases list")},
		{"a phrase is refused: the program takes no words", curl(s.Exchange.URL+"/v1/signals", chat.KeyPath(stage.Submitter),
			fmt.Sprintf(`{"programs":["%s"],"type":"phrase","value":"zorbly plim trade","tags":["trade"],"basis":{"policy":"section 4","reviewed_by":"human"}}`, s.program(purpose)))},
	}
}

func (s *story) tryCorrection() []hint {
	chat := s.Company(stage.Chatter)
	hints := []hint{
		{"the map of who was sent what fell, and when it was gone", s.at(s.Exchange.Credential, "corrections list")},
		{"Chatter's list of what it did because of it", s.as(chat, stage.Investigator, "corrections tasks")},
	}
	var wrong lantern.ID
	for _, id := range s.signals {
		wrong = max(wrong, id)
	}
	if wrong != 0 {
		hints = append(hints, hint{"challenge another signal, and watch it stop matching", s.at(chat.KeyPath(stage.Investigator), "challenge open "+wrong.String()+" --reason wrong-value")})
	}
	return hints
}
