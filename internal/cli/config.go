package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	strict "github.com/go-json-experiment/json"

	"lantern"
	"lantern/internal/cli/command"
)

// Config is every setting of Lantern; the comments of its fields are the manual.
//
// A setting comes from the flag of the command, else from the environment variable
// LANTERN_ and its key in capitals ("exchange-listen": LANTERN_EXCHANGE_LISTEN), else
// from the configuration file, else it has the default shown in the help. The file is
// one JSON object of keys and values, such as {"exchange": "https://exchange.example.com"};
// a key it does not know is an error. Every field has a good zero: with no setting at
// all everything runs on this machine.
//
// Two more things are read from the environment and from nowhere else, for places that
// hand secrets over that way: LANTERN_KEY, the text of an API key, and LANTERN_TOKEN, the
// text of an agent's token. A key or token file, if given, wins.
type Config struct {
	command.Common
	command.ExchangeAccess
	command.AgentAccess
	LogTrust
	ExchangeServer
	ExchangeListen
	ExchangeQuotas
	ForeignFaces
	WarningLists
	WebhookSending
	command.AgentServer
	command.AgentKey
	AgentListen
	Listener
}

// ExchangeServer is what `exchange init` and `exchange serve` need.
type ExchangeServer struct {
	// Dir is the folder of the exchange, made by `exchange init`: the database and, in
	// keys/, the key that values are sealed under (kek) and the seed of the key that signs
	// the log (log). Keep copies of the two keys in a safe place, apart from copies of the
	// database: without them it cannot be read, and the log cannot be continued.
	Dir string `name:"dir" key:"exchange-dir" type:"path" default:"exchange" placeholder:"FOLDER" help:"Folder of the exchange. Default: exchange."`

	// DB is the database, "sqlite:FILE" or "postgres://…". Unset, it is exchange.db in
	// Dir. A password never goes into a flag: use LANTERN_EXCHANGE_DB or PGPASSWORD.
	DB string `name:"db" key:"exchange-db" placeholder:"URL" help:"Database, sqlite:FILE or postgres://…. Default: exchange.db in the folder."`
}

// ExchangeQuotas bound what one member may take of an exchange. Each process counts for
// itself: behind three replicas a member may have three times as much. Corrections,
// acknowledgements, withdrawals and challenges are never held up.
type ExchangeQuotas struct {
	// ShareQuota is how many signals each member may share in an hour; 0: no bound.
	ShareQuota int `key:"exchange-share-quota" default:"1000000" placeholder:"N" help:"Signals each member may share in an hour (${default}); 0: no bound."`

	// DiscloseQuota is how many signals each member may be handed in an hour; 0: no
	// bound.
	DiscloseQuota int `key:"exchange-disclose-quota" default:"20000000" placeholder:"N" help:"Signals each member may be handed in an hour (${default}); 0: no bound."`
}

// ForeignFaces are the protocols of other exchanges that an exchange speaks beside its own, if it is
// told to: their clients put keys into addresses or take over what they read for good, and tell nobody
// what became of a correction. So that is for the coalition to decide.
type ForeignFaces struct {
	// ThreatExchange answers the clients of Meta's ThreatExchange, and of StopNCII.org's
	// exchange, at the same address; see docs/protocol/threatexchange.md. Those clients put keys
	// into addresses: a proxy in front must not log queries.
	ThreatExchange bool `name:"threatexchange" key:"exchange-threatexchange" negatable:"" help:"Answer clients of ThreatExchange too, whose keys stand in addresses."`

	// TAXII answers clients of TAXII 2.1 at the same address, under /taxii2/; see
	// docs/protocol/taxii.md.
	TAXII bool `name:"taxii" key:"exchange-taxii" negatable:"" help:"Answer clients of TAXII 2.1 too, under /taxii2/."`

	// PublicURL is where clients reach the exchange, for links in answers to clients that
	// follow them as they are. Unset, it is what each request says, without TLS if a proxy
	// ends that.
	PublicURL string `name:"public-url" key:"exchange-public-url" placeholder:"URL" help:"Where clients reach the exchange, if a proxy stands in front."`
}

// WarningLists are values that point at too many to be shared.
type WarningLists struct {
	// WarningLists is a folder of warning lists in MISP's format: *.json, at any depth. A
	// bare host, domain, address or hash on one of them is refused with the list's name; see
	// docs/operate/warning-lists.md. An exchange reads the folder when it starts and on SIGHUP.
	WarningLists string `name:"warninglists" key:"warninglists" type:"existingdir" placeholder:"FOLDER" help:"Refuse values on the warning lists in this folder (MISP's format)."`
}

// Listener is how a server answers, exchange and agent alike.
type Listener struct {
	// TLSCert and TLSKey are the files of a certificate and its key. Without them the
	// server answers unencrypted, and therefore only on this machine.
	TLSCert string `name:"tls-cert" key:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Certificate, PEM."`
	TLSKey  string `name:"tls-key" key:"tls-key" type:"existingfile" placeholder:"FILE" help:"Key of the certificate, PEM."`

	// InsecureHTTP lets the server answer unencrypted on other addresses than this
	// machine's own, for a proxy that terminates TLS on a private network.
	InsecureHTTP bool `name:"insecure-http" key:"insecure-http" help:"Allow unencrypted answers on addresses other machines can reach."`
}

// ExchangeListen is where an exchange answers.
type ExchangeListen struct {
	// Listen is the address of the API.
	Listen string `key:"exchange-listen" default:"127.0.0.1:8420" placeholder:"ADDRESS" help:"Address of the API (${default})."`

	// AdminListen is the address of metrics and health checks. Keep it private: counts
	// tell things too. Empty, there is none.
	AdminListen string `key:"exchange-admin-listen" default:"127.0.0.1:8421" placeholder:"ADDRESS" help:"Address of metrics and health checks (${default})."`
}

// WebhookSending is how an exchange sends webhooks.
type WebhookSending struct {
	// WebhookLoopback lets members' webhooks go to this machine's own loopback addresses,
	// over http too. It is for demonstrations: each member's admin can then make the
	// exchange call whatever listens there.
	WebhookLoopback bool `name:"webhook-loopback" key:"exchange-webhook-loopback" help:"Allow webhooks to this machine itself, for demonstrations."`
}

// AgentListen is where an agent answers.
type AgentListen struct {
	// Listen is the address of the agent's API: a port, or unix: and the path of a socket,
	// which only the agent's own user may use unless AgentListen.SocketGroup says otherwise.
	Listen string `key:"agent-listen" default:"127.0.0.1:8430" placeholder:"ADDRESS" help:"Address of the API: host:port, or unix:/path of a socket (${default})."`

	// SocketGroup lets the group of the socket's file use it too: mode 0660 instead of 0600.
	SocketGroup bool `key:"agent-socket-group" help:"Let the group of the socket's file use it too."`

	// AdminListen is the address of metrics. Empty, there is none.
	AdminListen string `key:"agent-admin-listen" default:"127.0.0.1:8431" placeholder:"ADDRESS" help:"Address of metrics and health checks (${default})."`

	// LogKey is a file with the verifier key of the exchange's log. Unset, the key the
	// exchange gives at the first contact is pinned.
	LogKey string `key:"log-key" type:"path" placeholder:"FILE" help:"File with the verifier key of the exchange's log. Default: pin the first one it gives."`

	// Region is the country whose national phone numbers are read in texts.
	Region string `key:"agent-region" placeholder:"CC" help:"Country whose national phone numbers are read in texts, such as US."`

	// Shadow has the agent count matches and tell nobody: no hits arise and answers list
	// no matches. lantern agent volume shows what would have come.
	Shadow bool `key:"agent-shadow" help:"Shadow mode: count matches and tell nobody. See lantern agent volume."`

	// Sampling says which part of the records of each source takes part, in percent. The same
	// records take part each time, and a greater ratio only adds some.
	Sampling string `key:"agent-sampling" placeholder:"RATIOS" help:"Look up only so many percent of the records of a source, such as posts=1,uploads=10; a number alone is for all others."`

	// Flood bounds how many hits an hour one signal may make before it is quarantined.
	Flood string `key:"agent-flood" placeholder:"BOUNDS" help:"Quarantine a signal that makes more hits an hour, such as 1000,phrase=200 (the default); 0 for no bound."`

	// MatchOwn also matches the member's own signals.
	MatchOwn bool `key:"agent-match-own" help:"Match your own organisation's signals too."`
}

// settings resolves what no flag said: from the environment, then from the file.
type settings struct {
	env  func(string) (string, bool)
	file map[string]string
	err  error
	read bool
}

// envName is the environment variable of a setting.
func envName(key string) string {
	return "LANTERN_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// Validate is part of kong.Resolver. The file is checked when it is read.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve is part of kong.Resolver.
func (s *settings) Resolve(c *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	key := flag.Tag.Get("key")
	if key == "" {
		return nil, nil
	}
	if v, ok := s.env(envName(key)); ok && v != "" {
		return v, nil
	}
	if key == "config" {
		return nil, nil
	}
	if err := s.load(c); err != nil {
		return nil, err
	}
	if v, ok := s.file[key]; ok {
		return v, nil
	}
	return nil, nil
}

// load reads the configuration file once.
func (s *settings) load(c *kong.Context) error {
	if s.read {
		return s.err
	}
	s.read = true
	path, named := s.path(c)
	if path == "" {
		return nil
	}
	b, err := command.ReadSmall(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err == nil {
		s.file, err = parseConfig(b)
	}
	if err != nil {
		s.err = command.Misuse("", "the configuration file %s: %w", path, err)
	}
	return s.err
}

// path finds the configuration file and whether somebody named it.
func (s *settings) path(c *kong.Context) (path string, named bool) {
	for _, f := range c.Flags() {
		if f.Name == "config" {
			if v, ok := c.FlagValue(f).(string); ok && v != "" {
				return v, true
			}
		}
	}
	if v, ok := s.env(envName("config")); ok && v != "" {
		return v, true
	}
	dir, ok := s.env("XDG_CONFIG_HOME")
	if !ok || dir == "" {
		home, ok := s.env("HOME")
		if !ok || home == "" {
			return "", false
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "lantern", "config.json"), false
}

// parseConfig reads the file's text: an object of known keys, each once.
func parseConfig(b []byte) (map[string]string, error) {
	var raw map[string]any
	if err := strict.Unmarshal(b, &raw); err != nil {
		return nil, errors.New("not a JSON object with each key once")
	}
	known := settingKeys(reflect.TypeFor[Config]())
	out := make(map[string]string, len(raw))
	for key, v := range raw {
		if !slices.Contains(known, key) || key == "config" {
			return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/" + key, Reason: "unknown setting",
				Fix: "one of: " + strings.Join(known, ", ")}
		}
		switch v := v.(type) {
		case string:
			out[key] = v
		case bool, float64:
			b, _ := json.Marshal(v)
			out[key] = string(b)
		default:
			return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/" + key, Reason: "not a text, number or truth value"}
		}
	}
	return out, nil
}

// settingKeys lists the keys of a configuration struct in its order.
func settingKeys(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		if f.Anonymous {
			keys = append(keys, settingKeys(f.Type)...)
		} else if k := f.Tag.Get("key"); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

// describeSetting is a flag's help, with the environment variable that also sets it.
func describeSetting(v *kong.Value) string {
	if v.Flag == nil || v.Tag.Get("key") == "" {
		return v.Help
	}
	return fmt.Sprintf("%s ($%s)", strings.TrimSuffix(v.Help, "."), envName(v.Tag.Get("key")))
}
