// Package completion writes the scripts with which a shell completes a command line:
// commands, flags and the values of closed sets. Everything is taken from the parser's
// model of the program, so a script can never name what does not exist. A place where a
// file or free text belongs is left to the shell.
package completion

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Script returns the completion script of lantern for a shell: bash, zsh or fish. It
// returns "" for any other shell.
func Script(shell string, program *kong.Application) string {
	all := places(program.Node, "lantern")
	switch shell {
	case "bash":
		return bashCompletion(all)
	case "zsh":
		return zshCompletion(all)
	case "fish":
		return fishCompletion(all)
	}
	return ""
}

// place is a point of the command line where words can follow: the program itself, a
// group of commands, or a command.
type place struct {
	path  string // "lantern exchange"
	words []word
}

// word is what can follow: a command or a flag.
type word struct {
	text    string
	help    string
	choices []string // of a flag's value
	value   bool     // whether a flag takes one
}

// places walks the commands, the outer ones first.
func places(n *kong.Node, path string) []place {
	p := place{path: path}
	for _, child := range n.Children {
		if !child.Hidden {
			p.words = append(p.words, word{text: child.Name, help: child.Help})
		}
	}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			p.words = append(p.words, flagWord(f))
		}
	}
	for _, arg := range n.Positional {
		for _, choice := range choices(arg) {
			p.words = append(p.words, word{text: choice})
		}
	}
	all := []place{p}
	for _, child := range n.Children {
		if !child.Hidden {
			all = append(all, places(child, path+" "+child.Name)...)
		}
	}
	return all
}

func flagWord(f *kong.Flag) word {
	return word{text: "--" + f.Name, help: f.Help, choices: choices(f.Value), value: !f.IsBool()}
}

// choices are the values of a closed set, without the empty one.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(v.Enum, ","), func(s string) bool { return s == "" })
}

func texts(words []word) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.text
	}
	return strings.Join(all, " ")
}

// findPath is the shell code, common to bash and zsh, that follows the words typed so
// far into the tree of commands. (The names avoid those that zsh gives a meaning.)
const findPath = `  local at="lantern" offer="" i w
  for ((i = first; i < last; i++)); do
    w="${typed[i]}"
    case " $known " in *" ${at// //}/$w "*) at="$at $w" ;; esac
  done
`

// knownPaths lists all places with slashes for spaces.
func knownPaths(all []place) string {
	var known []string
	for _, p := range all {
		known = append(known, strings.ReplaceAll(p.path, " ", "/"))
	}
	return strings.Join(known, " ")
}

// cases writes the two case statements: what follows a flag, and what follows a path.
func cases(all []place, answer string) string {
	var b strings.Builder
	b.WriteString("  case \"$at:$before\" in\n")
	for _, p := range all {
		for _, w := range p.words {
			switch {
			case len(w.choices) > 0:
				fmt.Fprintf(&b, "    %q) offer=%q ;;\n", p.path+":"+w.text, strings.Join(w.choices, " "))
			case w.value:
				fmt.Fprintf(&b, "    %q) offer=\"\" ;;\n", p.path+":"+w.text)
			}
		}
	}
	for _, p := range all {
		fmt.Fprintf(&b, "    \"%s:\"*) offer=%q ;;\n", p.path, texts(p.words))
	}
	b.WriteString("  esac\n" + answer)
	return b.String()
}

func bashCompletion(all []place) string {
	return "# bash completion of lantern\n_lantern() {\n" +
		"  local typed=(\"${COMP_WORDS[@]}\") first=1 last=$COMP_CWORD\n" +
		"  local cur=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n" +
		"  local known=\"" + knownPaths(all) + "\"\n" + findPath +
		cases(all, "  COMPREPLY=($(compgen -W \"$offer\" -- \"$cur\"))\n") +
		"}\ncomplete -o default -o bashdefault -F _lantern lantern\n"
}

func zshCompletion(all []place) string {
	return "#compdef lantern\n_lantern() {\n" +
		"  local typed=(\"${words[@]}\") first=2 last=$CURRENT\n" +
		"  local before=\"${words[CURRENT-1]}\"\n" +
		"  local known=\"" + knownPaths(all) + "\"\n" + findPath +
		cases(all, "  compadd -- ${=offer}\n  _files\n") +
		"}\ncompdef _lantern lantern\n"
}

func fishCompletion(all []place) string {
	var b strings.Builder
	b.WriteString("# fish completion of lantern\n" +
		"function __lantern_at\n" +
		"  set -l typed (commandline -opc)\n" +
		"  set -l path lantern\n" +
		"  for w in $typed[2..-1]\n" +
		"    if contains -- \"$path/$w\" " + knownPaths(all) + "\n" +
		"      set path \"$path/$w\"\n" +
		"    end\n" +
		"  end\n" +
		"  test \"$path\" = \"$argv[1]\"\n" +
		"end\n")
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	for _, p := range all {
		at := "__lantern_at " + strings.ReplaceAll(p.path, " ", "/")
		for _, w := range p.words {
			name, isFlag := strings.CutPrefix(w.text, "--")
			fmt.Fprintf(&b, "complete -c lantern -n %s", quote(at))
			switch {
			case isFlag:
				fmt.Fprintf(&b, " -l %s", name)
				if len(w.choices) > 0 {
					fmt.Fprintf(&b, " -x -a %s", quote(strings.Join(w.choices, " ")))
				} else if w.value {
					b.WriteString(" -r")
				}
			default:
				fmt.Fprintf(&b, " -f -a %s", w.text)
			}
			if w.help != "" {
				fmt.Fprintf(&b, " -d %s", quote(w.help))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
