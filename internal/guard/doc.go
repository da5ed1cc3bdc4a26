// Package guard holds the rules that keep an agent from doing harm by volume, as pure
// functions: when a signal hits so often that something must be wrong with it ([Flood]), and
// which part of a source's records takes part while an agent is being introduced
// ([Sampling]). It counts nothing and keeps nothing: who asks brings the numbers.
//
// A flood is a fact about a signal and no verdict on anybody. A phrase that turns out to be
// everyday speech, an address that many share, a hash of a blank picture: each fills the
// queue in minutes and buries the one hit that matters. What is quarantined is therefore
// taken out of the queue, kept, and shown to a person as one entry.
package guard
