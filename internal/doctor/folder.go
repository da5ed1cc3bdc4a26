package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"lantern"
	"lantern/internal/seal"
)

func lookFolder(_ context.Context, v *visit) Finding {
	for _, dir := range []string{v.Keys, v.Data} {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return bad("there is no agent: "+dir+" is not a folder that can be read", fixFolder)
		}
	}
	return good(filepath.Dir(v.Keys))
}

// lookModes finds what others on the machine can read of what must be the agent's alone.
func lookModes(_ context.Context, v *visit) Finding {
	var open []string
	for _, path := range []string{v.Keys, v.KEK, v.KeyFile, v.Token, v.Database, filepath.Join(v.Keys, "webhooks.json")} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist): // said elsewhere, or made at the first run
		case err != nil:
			return bad(reason(err), fixModes)
		case info.Mode().Perm()&0o077 != 0:
			open = append(open, fmt.Sprintf("%s (%03o)", path, info.Mode().Perm()))
		}
	}
	if len(open) > 0 {
		return bad("others on this machine can read "+strings.Join(open, ", "), fixModes)
	}
	return good("only the agent's user can read keys, token and data")
}

func lookKEK(_ context.Context, v *visit) Finding {
	if _, err := seal.FileKEK(v.KEK); err != nil {
		why, fix := reason(err), fixKEK
		var e *lantern.Error
		switch {
		case errors.As(err, &e) && e.Kind == lantern.Forbidden: // the key is whole, its file is open to others
			why, fix = e.Reason, e.Fix
		case errors.Is(err, fs.ErrPermission):
			fix = fixModes
		}
		return bad("the key that values are sealed under cannot be used: "+why, fix)
	}
	return good("can be read")
}

// The space an agent needs: a rewrite of its database beside the old one, and never less
// than some.
const (
	leastFree = 200 << 20
	roomyFree = 1 << 30
)

func lookDisk(_ context.Context, v *visit) Finding {
	free, err := v.Free(v.Data)
	if err != nil {
		return bad("the free space cannot be read: "+reason(err), fixDisk)
	}
	size := uint64(0)
	for _, suffix := range []string{"", "-wal"} { // what was written last becomes part of the database
		if info, err := os.Stat(v.Database + suffix); err == nil {
			size += uint64(info.Size())
		}
	}
	found := inBytes(free) + " free, the database has " + inBytes(size)
	switch {
	case free < max(leastFree, size):
		return bad(found, fixDisk)
	case free < max(roomyFree, 3*size):
		return doubt(found, fixDisk)
	}
	return good(found)
}

// inBytes is a size in words.
func inBytes(n uint64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// freeSpace is what this user may still write on the disk of a folder.
func freeSpace(folder string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// reason is an error without the paths and addresses that libraries put into it.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
