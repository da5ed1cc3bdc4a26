package lantern

// Tag is a label of a program's harm taxonomy. A program's policy lists the tags it
// takes; an unknown tag is refused.
type Tag string

// Taxonomy is the default harm taxonomy, version 1, which a new program starts with.
// The words say which kind of harm a signal is about and nothing else.
func Taxonomy() []Tag {
	return []Tag{
		"csam", "grooming", "sextortion", "trafficking", "trade",
		"sadistic-exploitation", "self-generated", "recruitment", "other",
	}
}
