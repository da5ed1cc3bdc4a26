package command

import "path/filepath"

// Common are the settings of every command.
type Common struct {
	// Output is how data is shown: table, json, ndjson or csv. Unset, it is a table on a
	// terminal and ndjson in a pipe or file.
	Output string `short:"o" key:"output" enum:",table,json,ndjson,csv" default:"" placeholder:"FORMAT" help:"Show data as table, json, ndjson or csv. Default: table on a terminal, ndjson in a pipe."`

	// Config is the configuration file. Unset, it is lantern/config.json in the user's
	// configuration folder, if that exists.
	Config string `key:"config" type:"path" placeholder:"FILE" help:"Read settings from this file."`

	// Quiet leaves out everything on standard error but errors.
	Quiet bool `short:"q" key:"quiet" help:"Say nothing on standard error but errors."`
}

// ExchangeAccess is how a command reaches an exchange.
type ExchangeAccess struct {
	// Exchange is the address of the exchange.
	Exchange string `key:"exchange" default:"http://127.0.0.1:8420" placeholder:"URL" help:"Address of the exchange (${default})."`

	// KeyFile holds the API key of the person or service who asks.
	KeyFile string `key:"key-file" type:"path" placeholder:"FILE" help:"File with your API key."`
}

// AgentAccess is how a command reaches the member's own agent.
type AgentAccess struct {
	// Agent is the address of the agent, or unix: and the path of the socket it listens on.
	Agent string `key:"agent" default:"http://127.0.0.1:8430" placeholder:"URL" help:"Address of your agent, or unix:/path of its socket (${default})."`

	// TokenFile holds the agent's local token: enough to match and to read.
	TokenFile string `key:"token-file" type:"path" placeholder:"FILE" help:"File with the token of your agent, to match and to read."`

	// PersonKey holds the API key of the person who decides: the agent passes it on to
	// the exchange and does not keep it.
	PersonKey string `name:"key-file" key:"key-file" type:"path" placeholder:"FILE" help:"File with your API key, for what only a person may do."`
}

// The layout of a server's folder, as far as several commands know it.
const (
	KeysDir         = "keys"          // keys and what only the operator may write
	KEKName         = "kek"           // in KeysDir: the key that values are sealed under
	ExchangeKeyName = "exchange"      // in KeysDir: the agent's own API key
	FenceName       = "fence"         // in KeysDir: the number by which an older copy of an agent's data/ is noticed
	WebhooksName    = "webhooks.json" // in KeysDir: the webhooks of an agent
	DataDir         = "data"          // all else that an agent keeps
)

// AgentServer is what `agent init` and `agent run` need.
type AgentServer struct {
	// Dir is the folder of the agent, made by `agent init`: in data/ the replica, hits,
	// cases and the token for matching (agent.token), in keys/ the key that values are
	// sealed under (kek), the agent's own API key (exchange) and the number by which an older
	// copy of data/ is noticed (fence), which belongs into no backup.
	Dir string `name:"dir" key:"agent-dir" type:"path" default:"agent" placeholder:"FOLDER" help:"Folder of the agent. Default: agent."`
}

// AgentKey is how an agent itself reaches the exchange. What the people beside it set for
// themselves, LANTERN_KEY_FILE, is not the agent's.
type AgentKey struct {
	// Exchange is the address of the exchange.
	Exchange string `key:"exchange" default:"http://127.0.0.1:8420" placeholder:"URL" help:"Address of the exchange (${default})."`

	// KeyFile holds the API key of the agent's service. Unset, it is keys/exchange in the
	// agent's folder, which `agent init` copied.
	KeyFile string `key:"agent-key-file" type:"path" placeholder:"FILE" help:"File with the API key of the agent's service. Default: the copy in the agent's folder."`
}

// Access is the same, with the default filled in.
func (k AgentKey) Access(s AgentServer) ExchangeAccess {
	if k.KeyFile == "" {
		k.KeyFile = filepath.Join(s.Dir, KeysDir, ExchangeKeyName)
	}
	return ExchangeAccess(k)
}
