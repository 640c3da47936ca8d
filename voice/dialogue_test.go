package voice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/voice"
	"pgregory.net/rapid"
)

// talk drives a dialogue through a script and writes down what it wants. A word of
// the script is keys to press, a wait in seconds ("+3.1"), "end" for the end of what
// is said, or what a caller hands in ("wrong2", "right", "failed", "nobridge" …).
// Waits are walked through by Next, as Call does.
type talk struct {
	t    *testing.T
	d    *voice.Dialogue
	now  time.Time
	play int
	log  []string
}

func newTalk(t *testing.T, cfg voice.DialogueConfig) *talk {
	t.Helper()
	cfg.Emergency = []string{"112", "110"}
	d, err := voice.NewDialogue(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, d: d, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	k.note(d.Begin(k.now))
	return k
}

func (k *talk) note(actions []voice.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case voice.Play:
			k.play = a.Number
			k.log = append(k.log, strings.Join(a.Names, ","))
		case voice.Stop:
			k.log = append(k.log, "stop")
		case voice.Check:
			k.log = append(k.log, "check:"+a.Entry.Reveal())
		case voice.Bridge:
			k.log = append(k.log, "bridge:"+a.Number)
		case voice.HangUp:
			k.log = append(k.log, "hangup:"+strings.ReplaceAll(string(a.Reason), " ", "-"))
		}
	}
}

func (k *talk) run(script string) string {
	verdicts := map[string]voice.Verdict{
		"right": {Outcome: voice.Right}, "failed": {Outcome: voice.NowFailed}, "blocked": {Outcome: voice.NowBlocked},
		"awaits": {Outcome: voice.NowAwaits}, "unavailable": {}, "wrong": {Outcome: voice.Wrong},
		"wrong2": {Outcome: voice.Wrong, Left: 2}, "wrong1": {Outcome: voice.Wrong, Left: 1},
	}
	for word := range strings.FieldsSeq(script) {
		if v, ok := verdicts[word]; ok {
			k.note(k.d.Answer(k.now, v))
			continue
		}
		switch {
		case word == "end":
			k.note(k.d.Played(k.now, k.play))
		case word == "oldend":
			k.note(k.d.Played(k.now, k.play-1))
		case word == "nobridge":
			k.note(k.d.BridgeFailed(k.now))
		case word[0] == '+':
			k.wait(word[1:])
		default:
			for _, key := range []byte(word) {
				k.note(k.d.Key(k.now, voice.Key(key)))
			}
		}
	}
	return strings.Join(k.log, " ")
}

func (k *talk) wait(seconds string) {
	d, err := time.ParseDuration(seconds + "s")
	if err != nil {
		k.t.Fatal(err)
	}
	end := k.now.Add(d)
	for next := k.d.Next(); !next.IsZero() && !next.After(end); next = k.d.Next() {
		k.now = next
		k.note(k.d.Tick(k.now))
	}
	k.now = end
}

func TestDialogueAsks(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"right at once":              {"end 123456# right end", "ask check:123456 right,hang-up hangup:right"},
		"barge-in":                   {"1 23456# right end", "ask stop check:123456 right,hang-up hangup:right"},
		"no hash":                    {"end 123456 +5.9 +0.1 right end", "ask check:123456 right,hang-up hangup:right"},
		"star clears":                {"end 99*123456#", "ask check:123456"},
		"letters are nothing":        {"end 12A34B56#", "ask check:123456"},
		"wrong, wrong, right":        {"end 111111# wrong2 end 222222# wrong1 end 333333# right end", "ask check:111111 wrong,two-left,ask check:222222 wrong,one-left,ask check:333333 right,hang-up hangup:right"},
		"three wrong":                {"111111# wrong2 111112# wrong1 111113# wrong end", "ask stop check:111111 wrong,two-left,ask stop check:111112 wrong,one-left,ask stop check:111113 wrong,goodbye hangup:refused"},
		"wrong, then locked":         {"111111# failed end", "ask stop check:111111 wrong,failed,ask-admin hangup:refused"},
		"wrong, then blocked":        {"111111# blocked end", "ask stop check:111111 wrong,blocked,ask-admin hangup:refused"},
		"right, to be approved":      {"111111# awaits end", "ask stop check:111111 awaiting,hang-up hangup:right"},
		"cannot be checked":          {"111111# unavailable end", "ask stop check:111111 unavailable hangup:broken"},
		"nobody checks":              {"111111# +10 end", "ask stop check:111111 unavailable hangup:broken"},
		"verdict too late":           {"111111# +10 right end", "ask stop check:111111 unavailable hangup:broken"},
		"verdict unasked":            {"end right wrong 123456#", "ask check:123456"},
		"short costs no try":         {"12# 12# 12# 12# 123456#", "ask stop short,ask stop short,ask stop short,ask stop short,ask stop check:123456"},
		"short by silence":           {"end 123 +6", "ask short,ask"},
		"too long is no entry":       {"end 1234567#", "ask short,ask"},
		"empty entry":                {"end # end 123456#", "ask ask check:123456"},
		"silence":                    {"end +10 end +10 end", "ask ask goodbye hangup:silent"},
		"silence counts from end":    {"+60 end +9.9", "ask"},
		"slow typist":                {"end 1 +5.9 2 +5.9 3 +5.9 4 +5.9 5 +5.9 6#", "ask check:123456"},
		"the whole call":             {"+180", "ask hangup:too-long"},
		"keys after the end":         {"+180 123456# 112# +10", "ask hangup:too-long"},
		"old prompt's end":           {"1# end 123456#", "ask stop short,ask check:123456"},
		"end of what was cut off":    {"1# oldend +20 end +10", "ask stop short,ask ask"},
		"typed on while checked":     {"111111# 222222 wrong2 # right", "ask stop check:111111 check:222222 right,hang-up"},
		"hash typed on is no entry":  {"111111# 11#2 wrong +3", "ask stop check:111111"},
		"emergency with hash":        {"end 112#", "ask bridge:112 emergency"},
		"emergency in the prompt":    {"112#", "ask stop bridge:112 emergency"},
		"emergency by silence":       {"end 112 +2.9 +0.1", "ask bridge:112 emergency"},
		"another emergency number":   {"end 110 +3", "ask bridge:110 emergency"},
		"112999 is a PIN":            {"end 112999#", "ask check:112999"},
		"112 slowly, then more":      {"end 112 +2.9 999#", "ask check:112999"},
		"911 is none here":           {"end 911# +20", "ask short,ask"},
		"999112 is a PIN":            {"end 999112 +6", "ask check:999112"},
		"emergency after a mistake":  {"end 99*112#", "ask bridge:112 emergency"},
		"emergency while checked":    {"end 123456# 112#", "ask check:123456 bridge:112 emergency"},
		"emergency after success":    {"end 123456# right 112#", "ask check:123456 right,hang-up bridge:112 emergency"},
		"emergency at the very end":  {"+178 112 +2", "ask stop bridge:112 emergency"},
		"no bridge, dialled again":   {"112# nobridge 112#", "ask stop bridge:112 emergency emergency-failed bridge:112 emergency"},
		"no bridge, given up":        {"112# nobridge end end", "ask stop bridge:112 emergency emergency-failed emergency-failed hangup:broken"},
		"a bridged call has no end":  {"112# end +600", "ask stop bridge:112 emergency"},
		"keys while being connected": {"112# 123456# +600", "ask stop bridge:112 emergency"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := newTalk(t, voice.DialogueConfig{}).run(c.script); got != c.want {
				t.Errorf("script %q:\n got %s\nwant %s", c.script, got, c.want)
			}
		})
	}
}

func TestDialogueTells(t *testing.T) {
	spelled := "visitor,0,0,pause,1,5,pause,6,5,pause,a,a,pause,b,c,pause,d,f,pause,ask-admin"
	for name, c := range map[string]struct {
		entry        voice.Entry
		script, want string
	}{
		"failed":                  {voice.Failed, "end", "failed,ask-admin hangup:refused"},
		"blocked":                 {voice.Blocked, "end", "blocked,ask-admin hangup:refused"},
		"visitor, said twice":     {voice.Visitor, "end end", spelled + " " + spelled + " hangup:told"},
		"awaiting":                {voice.Awaiting, "end", "awaiting,hang-up hangup:told"},
		"not needed":              {voice.Unneeded, "end", "not-needed,hang-up hangup:told"},
		"a PIN is not taken":      {voice.Failed, "123456# end", "failed,ask-admin hangup:refused"},
		"emergency though failed": {voice.Failed, "112 +3", "failed,ask-admin bridge:112 emergency"},
		"emergency by hash":       {voice.Visitor, "112#", spelled + " bridge:112 emergency"},
		"PIN that ends in 112":    {voice.Failed, "999112 +10 end", "failed,ask-admin hangup:refused"},
		"112 begun before the end": {voice.Blocked, "11 end 2 +3",
			"blocked,ask-admin bridge:112 emergency"},
		"11 begun and left": {voice.Blocked, "11 end +6", "blocked,ask-admin hangup:refused"},
	} {
		t.Run(name, func(t *testing.T) {
			got := newTalk(t, voice.DialogueConfig{Entry: c.entry, MAC: "00:15:65:AA:bc:df"}).run(c.script)
			if got != c.want {
				t.Errorf("script %q:\n got %s\nwant %s", c.script, got, c.want)
			}
		})
	}
}

func TestNewDialogueRefuses(t *testing.T) {
	for name, cfg := range map[string]voice.DialogueConfig{
		"empty emergency number": {Emergency: []string{""}},
		"a number with letters":  {Emergency: []string{"sos"}},
		"negative tries":         {Tries: -1},
		"negative length":        {Length: -1},
		"negative wait":          {FirstDigit: -time.Second},
	} {
		if _, err := voice.NewDialogue(cfg); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// Whatever is typed and however long is waited: only entries of six digits are
// checked, at most three of them; an emergency call is only made where its number
// is all that was typed since the last # or * or a wait; the call is over after
// three minutes at the latest, and after its end nothing is wanted any more.
func TestDialogueLaws(t *testing.T) {
	words := []string{"1", "1", "2", "0", "9", "*", "#", "#", "+0.5", "+3", "+6", "+10", "end",
		"right", "wrong2", "failed", "123456", "112", "999112", "nobridge"}
	rapid.Check(t, func(rt *rapid.T) {
		entry := voice.Entry(rapid.IntRange(0, 5).Draw(rt, "entry"))
		k := newTalk(t, voice.DialogueConfig{Entry: entry})
		begin, tries := k.now, 0
		var typed []string
		over, bridged := "", false
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			word := rapid.SampledFrom(words).Draw(rt, "word")
			k.log = k.log[:0]
			k.run(word)
			for _, did := range k.log {
				if over != "" {
					rt.Fatalf("after %s: got %s", over, did)
				}
				what, which, _ := strings.Cut(did, ":")
				switch what {
				case "check":
					if tries++; entry != voice.Ask || len(which) != 6 || tries > 3 {
						rt.Fatalf("got %s, check %d of entry %d", did, tries, entry)
					}
				case "bridge":
					if bridged = true; !allThatWasTyped(which, typed) {
						rt.Fatalf("got %s, typed %q", did, typed)
					}
				case "hangup":
					over = did
				}
			}
			typed = append(typed, word)
		}
		if next := k.d.Next(); !bridged && next.Sub(begin) > 3*time.Minute {
			rt.Fatalf("got next at %s, want an end within three minutes", next.Sub(begin))
		}
	})
}

// allThatWasTyped reports that number is what was typed last: whole pieces, as
// parted by # and * and by waits, of which only waits may lie within.
func allThatWasTyped(number string, words []string) bool {
	var pieces []string
	for _, word := range words {
		switch {
		case word == "#" || word == "*":
			pieces = nil
		case word[0] == '+':
			pieces = append(pieces, "")
		case word[0] >= '0' && word[0] <= '9':
			if len(pieces) == 0 {
				pieces = []string{""}
			}
			pieces[len(pieces)-1] += word
		}
	}
	last := ""
	for i := len(pieces) - 1; i >= 0; i-- {
		if last = pieces[i] + last; last == number {
			return true
		}
	}
	return false
}
