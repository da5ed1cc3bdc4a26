package demo

import (
	"fmt"
	"path/filepath"
)

// hint is something to try while everything stays up.
type hint struct{ what, line string }

// whatNext says what to try: with curl, which shows the wire, and with lantern itself.
func (s *story) whatNext() {
	s.n.printf("\nEverything stays up until Ctrl-C. To try meanwhile, in another terminal:\n")
	s.n.text("", "", "(For lantern, write what you started this with, such as go run ./cmd/lantern.)")
	for _, h := range append(s.curls(), s.commands()...) {
		s.n.printf("\n   # %s\n   %s\n", h.what, h.line)
	}
}

// curls use the HTTP interfaces with the real addresses and key files.
func (s *story) curls() []hint {
	host, chat := s.company(cloudbin), s.company(chatter)
	post := func(url, keyFile, body string) string {
		return fmt.Sprintf("curl -s %s -H \"Authorization: Bearer $(cat %s)\" \\\n     -H 'Content-Type: application/json' -d '%s'", url, keyFile, body)
	}
	return []hint{
		{"share an address as Cloudbin's submitter ...", post(s.exchange.URL+"/v1/signals", host.keyPath(submitter),
			fmt.Sprintf(`{"programs":["%s"],"type":"url","value":"https://cloudbin.test/f/try-me","tags":["csam"],"basis":{"policy":"section 4","reviewed_by":"human"}}`, s.hosting.ID))},
		{"... and find it in a message at Chatter", post(chat.agent.URL+"/v1/match", chat.agent.Credential,
			`{"items":[{"ref":"message/1","account":"ch-1","text":"see https://cloudbin.test/f/try-me"}]}`)},
		{"the log's head, which anybody may read", "curl -s " + s.exchange.URL + "/v1/log/checkpoint"},
	}
}

// commands do the same from the command line.
func (s *story) commands() []hint {
	chat, social := s.company(chatter), s.company(facegram)
	return []hint{
		{"the hits that wait at Chatter", fmt.Sprintf("lantern hits list --agent %s --token-file %s", chat.agent.URL, chat.agent.Credential)},
		{"Facegram's case", fmt.Sprintf("lantern cases list --agent %s --key-file %s", social.agent.URL, social.keyPath(investigator))},
		{"look your own files up at Chatter's agent", fmt.Sprintf("lantern match --agent %s --token-file %s FILES...", chat.agent.URL, chat.agent.Credential)},
		{"check the downloaded log again, offline", fmt.Sprintf("lantern audit verify %s", filepath.Join(s.dir, "log"))},
	}
}
