// Hashmatcher answers the look-ups of tools that ask a hash matcher, in the shapes of HMA 1.1,
// out of a member's own agent. See adapters/README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/client"
	signaltype "lantern/signal"
)

// types are the names of signal types there, and here.
var types = map[string]*signaltype.Type{
	"pdq": signaltype.PDQ, "video_md5": signaltype.VideoMD5, "md5": signaltype.MD5, "sha1": signaltype.SHA1, "sha256": signaltype.SHA256,
}

// bank is what the agent's replica is called where banks are named.
const bank = "lantern"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	agent := flag.String("agent", "http://127.0.0.1:8430", "address of the agent, or unix:/path of its socket")
	token := flag.String("token-file", "agent/data/agent.token", "file with the agent's local token")
	listen := flag.String("listen", "127.0.0.1:5100", "address to answer on; whoever reaches it may look up")
	flag.Parse()
	secret, err := os.ReadFile(*token)
	if err == nil {
		srv := &http.Server{Addr: *listen, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 60 * time.Second,
			Handler: handler(client.NewAgent(*agent, strings.TrimSpace(string(secret)), client.Options{}))}
		context.AfterFunc(ctx, func() { _ = srv.Close() }) // the process ends
		err = srv.ListenAndServe()
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "hashmatcher:", err)
		os.Exit(1)
	}
}

// handler answers look-ups and the state of the agent.
func handler(agent *client.Agent) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m/lookup", func(w http.ResponseWriter, r *http.Request) {
		lookup(w, r, agent, func(found []content) any { return map[string][]content{bank: found} })
	})
	mux.HandleFunc("GET /m/raw_lookup", func(w http.ResponseWriter, r *http.Request) {
		distances, _ := strconv.ParseBool(r.URL.Query().Get("include_distance")) // absent: no
		lookup(w, r, agent, func(found []content) any {
			if distances {
				return map[string][]content{"matches": found}
			}
			ids := []int64{}
			for _, c := range found {
				ids = append(ids, c.ID)
			}
			return map[string][]int64{"matches": ids}
		})
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		s, err := agent.Status(r.Context())
		switch {
		case err != nil || s.Answers == lantern.CouldNotLook:
			http.Error(w, "INDEX-NOT-LOADED", http.StatusServiceUnavailable)
		case s.Answers != lantern.AnswerOK:
			http.Error(w, "INDEX-STALE", http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte("I-AM-ALIVE\n")) // whoever asked is gone, or has it
		}
	})
	return mux
}

// content is one match. The distance is a text there.
type content struct {
	ID       int64  `json:"bank_content_id"`
	Distance string `json:"distance"`
}

// lookup asks the agent and answers in the shape asked for. That it could not look is never
// an empty answer.
func lookup(w http.ResponseWriter, r *http.Request, agent *client.Agent, shape func([]content) any) {
	q := r.URL.Query()
	kind, known := types[q.Get("signal_type")]
	value := q.Get("signal")
	if !known || value == "" {
		http.Error(w, "give signal, and signal_type: pdq, video_md5, md5, sha1 or sha256", http.StatusBadRequest)
		return
	}
	if _, err := kind.NormalizeQuery(value); err != nil {
		http.Error(w, "signal cannot be read as that signal_type", http.StatusBadRequest)
		return
	}
	ref := "hashmatcher" // one hit for each signal, however often it is asked for
	if name := q.Get("ref"); name != "" && len(name) <= 200 {
		ref = name
	}
	answers, err := agent.Match(r.Context(), []lantern.Record{{Ref: ref, Values: []lantern.TypedValue{{Type: kind.Name, Value: value}}}}, false)
	if err != nil || answers[0].State != lantern.AnswerOK {
		http.Error(w, "could not look: ask again", http.StatusServiceUnavailable)
		return
	}
	found := []content{}
	for _, m := range answers[0].Matches {
		found = append(found, content{int64(m.Signal), strconv.Itoa(m.Distance)})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(shape(found)) // whoever asked is gone, or has it
}
