package stix

import (
	"strings"

	"lantern"
)

// tlpExtension is the extension by which TLP 2.0 is said; its id is FIRST's and OASIS's own.
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// tlpCreated is when the marking definitions of TLP 2.0 were made.
const tlpCreated = "2022-10-01T00:00:00.000Z"

// tlp is a handling label and the id of its marking definition.
type tlp struct {
	handling lantern.Handling
	id       string
}

// tlps lists the labels of TLP 2.0 that a signal can have.
func tlps() []tlp {
	return []tlp{
		{lantern.Green, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"},
		{lantern.Amber, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"},
		{lantern.AmberStrict, "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"},
		{lantern.Red, "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"},
	}
}

// older lists the ids of TLP 1, and of what is for everybody, with the label each is read as: the
// nearest that is not wider.
func older() []tlp {
	return []tlp{
		{lantern.Green, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"}, // TLP 2.0 clear
		{lantern.Green, "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"}, // white
		{lantern.Green, "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"},
		{lantern.Amber, "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"},
		{lantern.Red, "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"},
	}
}

// marking is the id of a label's marking definition; that of the strictest usual one for none.
func marking(h lantern.Handling) string {
	for _, t := range tlps() {
		if t.handling == h {
			return t.id
		}
	}
	return marking(lantern.AmberStrict)
}

// handling reads the label out of markings: the strictest there is, "" if there is none.
func handling(refs []string) (h lantern.Handling) {
	strictness := []lantern.Handling{lantern.Green, lantern.Amber, lantern.AmberStrict, lantern.Red}
	rank := func(h lantern.Handling) int {
		for i, s := range strictness {
			if s == h {
				return i
			}
		}
		return -1
	}
	for _, ref := range refs {
		for _, t := range append(tlps(), older()...) {
			if strings.EqualFold(ref, t.id) && rank(t.handling) > rank(h) {
				h = t.handling
			}
		}
	}
	return h
}

// label reports whether an id is that of a label of the Traffic Light Protocol.
func label(id string) bool { return handling([]string{id}) != "" }

// MarkingDefinition is a label as an object.
type MarkingDefinition struct {
	Type        string         `json:"type"`
	SpecVersion string         `json:"spec_version"`
	ID          string         `json:"id"`
	Created     string         `json:"created"`
	Name        string         `json:"name"`
	Extensions  map[string]any `json:"extensions"`
}

// Markings lists the labels of TLP 2.0 that signals have, as the objects everybody has them as.
func Markings() (list []Object) {
	for _, t := range tlps() {
		list = append(list, Object{ID: t.id, Type: "marking-definition", Version: tlpCreated, Body: MarkingDefinition{
			Type: "marking-definition", SpecVersion: SpecVersion, ID: t.id, Created: tlpCreated, Name: "TLP:" + string(t.handling),
			Extensions: map[string]any{tlpExtension: map[string]string{"extension_type": propertyExtension, "tlp_2_0": strings.ToLower(string(t.handling))}},
		}})
	}
	return list
}
