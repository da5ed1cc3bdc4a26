package command

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// The two credentials a command can be given.
var (
	APIKey     = Credential{"API key", regexp.MustCompile(`^(lk_[0-9]+_[!-~]+|[0-9]+[|][!-~]+)$`)}
	AgentToken = Credential{"agent's token", regexp.MustCompile(`^la_[!-~]+$`)}
)

// Credential is a kind of secret, and the form that tells it from other secrets.
type Credential struct {
	name string
	form *regexp.Regexp
}

// Is reports whether text has the form of such a credential.
func (c Credential) Is(text string) bool { return c.form.MatchString(text) }

// Secret reads the first line of a file, else the environment variable. It returns "" if
// neither is set, and warns if others on the machine can read the file. What does not look
// like the credential is refused here: it may be another secret, such as a key that values
// are sealed under, and must not be sent anywhere.
func (a *App) Secret(file, env string, kind Credential) (string, error) {
	if file == "" {
		v, _ := a.Env(env)
		if v = strings.TrimSpace(v); v != "" && !kind.Is(v) {
			return "", Misuse("it was sent nowhere", "%s holds no %s", env, kind.name)
		}
		return v, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", Misuse("", "the key file: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		a.Note("warning: others on this machine can read %s; chmod 600 it", file)
	}
	b, err := ReadSmall(file)
	if err != nil {
		return "", Misuse("", "the key file: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSpace(line); !kind.Is(line) {
		return "", Misuse("such a file holds it in its first line and nothing else; what this one holds was sent nowhere", "%s holds no %s", file, kind.name)
	}
	return line, nil
}

// SaveSecret writes a secret to a file that must not exist yet, readable by its owner.
func SaveSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// ReplaceSecret writes a secret over a file in one step: who reads it finds the earlier or
// the later one, never a part.
func ReplaceSecret(path, text string) error {
	next := path + ".next"
	if err := errors.Join(SaveSecret(next, text), os.Rename(next, path)); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// CurrentKey returns a function that gives the key in a file as it is at the moment, so that
// it can be replaced under a running server. What is no key is passed over: a file that is
// being written.
func CurrentKey(path string) func() string {
	var mu sync.Mutex
	var seen fs.FileInfo // guarded by mu, as key is
	key := ""
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || seen != nil && os.SameFile(seen, info) && seen.ModTime().Equal(info.ModTime()) && seen.Size() == info.Size() {
			return key
		}
		b, err := ReadSmall(path)
		line, _, _ := strings.Cut(string(b), "\n")
		if line = strings.TrimSpace(line); err == nil && APIKey.Is(line) {
			key, seen = line, info
		}
		return key
	}
}
