package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/cli"
	"lantern/internal/cli/command"
	"lantern/internal/face/match"
	"lantern/signal"
)

// folderJobs says which jobs are run.
var folderJobs = flag.String("folder", "", "of BenchmarkFolder, the jobs to run, separated by commas; empty: all")

// BenchmarkFolder measures lantern match and lantern hunt over a folder of real text, the
// texts of the source of the Go distribution, for 10,000 mixed identifiers and phrases, a hundredth of
// which stand in it; beside ripgrep with the same list as fixed strings on the same tree, in
// turn in one run. Times are of the processor, of all processes that have a part:
//
//	go test ./test/bench -run - -bench Folder -benchtime 5x -folder match,ripgrep
func BenchmarkFolder(b *testing.B) {
	b.Run("sources", func(b *testing.B) {
		tree := b.TempDir()
		files, size := copyTexts(b, source(b), tree)
		lookThrough(b, tree, files, size, mixedValues(b, tree))
	})
	b.Run("messages", func(b *testing.B) {
		tree := b.TempDir()
		messages := prose(b, 64<<20)
		files, size := exportMessages(b, messages, tree)
		lookThrough(b, tree, files, size, mixedWith(phrasesOf(messages, 7000)))
	})
}

// lookThrough measures the jobs over one tree.
func lookThrough(b *testing.B, tree string, files int, size int64, values []lantern.TypedValue) {
	cli.CollectSeldom() // as a process of its own does
	w := newWorld(b, "sqlite:"+filepath.Join(b.TempDir(), "exchange.db"))
	w.shareAll(b, values)
	server := httptest.NewServer(match.Handler(w.agent, nil))
	b.Cleanup(server.Close)
	token, err := os.ReadFile(filepath.Join(w.dir, agent.TokenFile))
	if err != nil {
		b.Fatal(err)
	}
	lantern := func(args ...string) func() {
		return func() {
			var said bytes.Buffer
			code := cli.Run(context.Background(), command.Process{Args: append(args, "--agent", server.URL), In: strings.NewReader(""), Out: io.Discard, Err: &said,
				Env:   func(k string) (string, bool) { return strings.TrimSpace(string(token)), k == "LANTERN_TOKEN" },
				Clock: time.Now, Random: rand.Reader})
			if code > 1 {
				b.Fatalf("exit %d: %s", code, &said)
			}
		}
	}
	list := filepath.Join(b.TempDir(), "list")
	if err := os.WriteFile(list, []byte(joined(values)), 0o600); err != nil {
		b.Fatal(err)
	}
	jobs := []folderJob{
		{"match", lantern("match", "--dry-run", tree)},
		{"first-hunt", lantern("hunt", "--dry-run", tree)},
		{"hunt", lantern("hunt", tree)},
		{"idle-hunt", lantern("hunt", tree)},
	}
	if rg, err := exec.LookPath("rg"); err == nil {
		jobs = append(jobs, folderJob{"ripgrep", func() {
			out, err := exec.Command(rg, "-uuu", "-F", "-f", list, "-c", tree).CombinedOutput()
			if err != nil {
				b.Fatalf("ripgrep: %v: %s", err, out)
			}
		}})
	} else {
		fmt.Fprintln(os.Stderr, "*** SKIPPED the comparison: ripgrep is not installed")
	}
	jobs = slices.DeleteFunc(jobs, func(j folderJob) bool {
		return *folderJobs != "" && !slices.Contains(strings.Split(*folderJobs, ","), j.name)
	})
	b.Logf("%d files, %d MB, %d values", files, size>>20, len(values))
	cpu, wall := make([][]time.Duration, len(jobs)), make([][]time.Duration, len(jobs))
	for b.Loop() {
		lantern("hunt", "forget", "default")() // fails the first time, when there is none
		for i, job := range jobs {
			before, began := used(b), time.Now()
			job.run()
			cpu[i], wall[i] = append(cpu[i], used(b)-before), append(wall[i], time.Since(began))
		}
	}
	for i, job := range jobs {
		slices.Sort(cpu[i])
		slices.Sort(wall[i])
		half := cpu[i][len(cpu[i])/2]
		b.ReportMetric(half.Seconds(), job.name+"-cpu-s")
		b.ReportMetric(wall[i][len(wall[i])/2].Seconds(), job.name+"-s")
		b.ReportMetric(float64(size)/1e6/half.Seconds(), job.name+"-MB/cpu-s")
	}
}

// folderJob is a job of BenchmarkFolder.
type folderJob struct {
	name string
	run  func()
}

// used is the processor time of this process and of those it waited for.
func used(b *testing.B) (t time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		t += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return t
}

// source is where the source of the Go distribution lies.
func source(b *testing.B) string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "src")
}

// copyTexts copies the texts of a tree: what is compressed would be work for one side only.
func copyTexts(b *testing.B, from, to string) (files int, size int64) {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains([]string{".go", ".md", ".txt", ".html"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, strings.TrimPrefix(path, from))
		files, size = files+1, size+int64(len(text))
		return errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, text, 0o600))
	})
	if err != nil {
		b.Fatal(err)
	}
	return files, size
}

// exportMessages writes messages to files as a channel's export has them, a message a line, of 4 to 512 KB.
func exportMessages(b *testing.B, messages [][]byte, tree string) (files int, size int64) {
	random := mathrand.New(mathrand.NewPCG(2, 2))
	for len(messages) > 0 {
		var file bytes.Buffer
		for want := 4 << (10 + random.IntN(8)); len(messages) > 0 && file.Len() < want; messages = messages[1:] {
			file.Write(append(messages[0], '\n'))
		}
		if err := os.WriteFile(filepath.Join(tree, fmt.Sprintf("channel-%d.txt", files)), file.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		files, size = files+1, size+int64(file.Len())
	}
	return files, size
}

// mixedWith adds identifiers of several types to phrases, always the same ones, so that these are two fifths.
func mixedWith(phrases []string) (all []lantern.TypedValue) {
	for n, p := range phrases {
		if _, err := signal.Phrase.Normalize(p); err != nil {
			continue // single and common words are no signals
		}
		if len(all) >= 10_000 {
			break
		}
		all = append(all, lantern.TypedValue{Type: "phrase", Value: p})
		word := strings.ReplaceAll(p, " ", "-")
		word = word[:min(len(word), 20)]
		switch n % 4 {
		case 0:
			all = append(all, lantern.TypedValue{Type: "url", Value: fmt.Sprintf("https://cdn%d.files.example/%s/%d", n%97, word, n)},
				lantern.TypedValue{Type: "domain", Value: fmt.Sprintf("chat-%d.example", n)})
		case 1:
			all = append(all, lantern.TypedValue{Type: "email", Value: fmt.Sprintf("some.one%d@example.com", n)})
		case 2:
			all = append(all, lantern.TypedValue{Type: "username", Value: fmt.Sprintf("chatter.test/someone%d", n)},
				lantern.TypedValue{Type: "phone", Value: fmt.Sprintf("+1202555%04d", n)})
		default:
			all = append(all, lantern.TypedValue{Type: "email", Value: fmt.Sprintf("any.body%d@example.com", n)})
		}
	}
	return all
}

// mixedValues makes 10,000 values of several types, always the same ones; 100 of them are
// phrases that stand in the tree.
func mixedValues(b *testing.B, tree string) []lantern.TypedValue {
	random := mathrand.New(mathrand.NewPCG(1, 1))
	f, err := os.Open(filepath.Join(tree, "net", "http", "server.go"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var words []string
	var all []lantern.TypedValue
	for in := bufio.NewScanner(f); in.Scan(); {
		text, comment := strings.CutPrefix(strings.TrimSpace(in.Text()), "// ")
		line := strings.Fields(text)
		if !comment || len(line) < 6 {
			continue
		}
		words = append(words, line...)
		phrase := strings.Join(line[1:5], " ")
		if len(all) < 100 && !strings.ContainsFunc(phrase, func(r rune) bool { return (r < 'a' || r > 'z') && r != ' ' }) {
			all = append(all, lantern.TypedValue{Type: "phrase", Value: phrase})
		}
	}
	word := func() string {
		w := strings.ToLower(words[random.IntN(len(words))])
		return strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, w) + "x"
	}
	for n := len(all); n < 10_000; n++ {
		v := lantern.TypedValue{Type: "url", Value: fmt.Sprintf("https://%s.files.example/%s/%d", word(), word(), n)}
		switch n % 5 {
		case 1:
			v = lantern.TypedValue{Type: "email", Value: fmt.Sprintf("%s.%s%d@example.com", word(), word(), n)}
		case 2:
			v = lantern.TypedValue{Type: "username", Value: fmt.Sprintf("chatter.test/%s%d", word(), n)}
		case 3:
			v = lantern.TypedValue{Type: "phrase", Value: fmt.Sprintf("%s %s %s", word(), word(), word())}
		case 4:
			v = lantern.TypedValue{Type: "domain", Value: fmt.Sprintf("%s-%d.example", word(), n)}
		}
		all = append(all, v)
	}
	return all
}

func joined(values []lantern.TypedValue) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(v.Value + "\n")
	}
	return b.String()
}

// shareAll shares values and returns when the agent has them.
func (w *world) shareAll(b *testing.B, values []lantern.TypedValue) {
	for part := range slices.Chunk(values, 500) {
		drafts := make([]lantern.Draft, len(part))
		for i, v := range part {
			drafts[i] = w.Draft(0)
			drafts[i].Type, drafts[i].Value = v.Type, v.Value
		}
		results, err := w.sharer.ShareBatch(b.Context(), drafts)
		if err != nil {
			b.Fatal(err)
		}
		for i, r := range results {
			if r.Status == lantern.Refused {
				b.Fatalf("%s is refused: %+v", part[i].Type, r.Problem)
			}
		}
	}
	w.deliver(b)
}
