package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/voice"
)

// codePrompts is the condition of prompts of the site's own that are not used.
const codePrompts = "prompts-refused"

// promptsFolder is where a site's own prompts are.
func (s settings) promptsFolder() string { return filepath.Join(s.State, "prompts") }

// tellPrompts puts before the operator which of the site's own prompts are not
// used. Phones hear the built-in ones in their place, so calls go on.
func (b *box) tellPrompts(wrong []error) {
	if len(wrong) == 0 {
		return
	}
	var all []string
	for _, err := range wrong {
		b.log.Warn("a prompt of the site is not used", "err", err)
		all = append(all, err.Error())
	}
	b.health.Raise(time.Now(), health.Condition{
		Code: codePrompts, Title: fmt.Sprintf("%d of the site's own prompts are not used", len(wrong)),
		Meaning: "who calls for a PIN hears the built-in prompts in their place",
		Do:      "see what is wrong with each: lineside check; put it right in " + b.settings.promptsFolder() + ", then: systemctl restart lineside",
		Detail:  strings.Join(all, "; "),
	})
}

// checkPrompts tries the site's own prompts as the daemon does, and says what is
// wrong with each.
func checkPrompts(s settings) problems {
	if !s.SIP.PINCalls {
		return nil
	}
	_, wrong := voice.LoadPrompts(os.DirFS(s.promptsFolder()))
	var out problems
	for _, err := range wrong {
		out = append(out, problem{File: s.promptsFolder(), Text: err.Error()})
	}
	return out
}
