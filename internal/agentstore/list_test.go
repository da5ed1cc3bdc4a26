package agentstore

import "testing"

// Whatever is listed, every item is, and there are few lengths: each makes a statement that
// every connection prepares and keeps.
func TestListsHaveFewLengths(t *testing.T) {
	t.Parallel()
	lengths := make(map[int]bool)
	for n := range 3 * maxList {
		items := make([]int, n)
		for i := range items {
			items[i] = i
		}
		seen := make(map[int]bool)
		err := inChunks(items, func(args []any) error {
			if len(args) > maxList {
				t.Errorf("%d items: a list of %d, bound is %d", n, len(args), maxList)
			}
			lengths[len(args)] = true
			for _, a := range args {
				seen[a.(int)] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) != n {
			t.Errorf("%d items: %d were listed", n, len(seen))
		}
	}
	if len(lengths) > 9 {
		t.Errorf("lists have %d different lengths, want at most 9", len(lengths))
	}
}
