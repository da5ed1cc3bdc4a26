package segment

import (
	"errors"
	"slices"
)

// Verify reads a folder of segments through beside the process that has it open, and changes
// nothing: it returns how many segments there are, and a [*Damage] if one, or the list of
// them, is not as it was written. A folder that was never saved has none.
func Verify(path string) (segments int, err error) {
	f := &Folder{path: path}
	for {
		m, err := f.Manifest()
		if err != nil {
			return 0, err
		}
		if err = f.verify(m); err == nil {
			return len(m.Segments), nil
		}
		// A merge may have taken the files away: then there is another list.
		if after, again := f.Manifest(); again != nil || slices.Equal(after.Segments, m.Segments) {
			return len(m.Segments), errors.Join(again, err)
		}
	}
}

// verify reads what a manifest names.
func (f *Folder) verify(m *Manifest) error {
	for _, l := range m.Segments {
		file, err := f.Open(l.Number, l.Size, m.Stamp)
		if err != nil {
			return err
		}
		err = mapped(file.Number, file.image, func() error { return file.Check(func() error { return nil }) })
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}
