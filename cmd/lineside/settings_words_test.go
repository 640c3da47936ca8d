package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/pages"
)

// TestSettingsSpeakGerman: what the page says of each key, which is what the
// sample says, is there in German too.
func TestSettingsSpeakGerman(t *testing.T) {
	for key, text := range settingTexts() {
		text, _, _ = strings.Cut(text, " Counts at the first start only") // the page changes it
		if _, ok := pages.Translated("de", text); text != "" && !ok {
			t.Errorf("%s: pages/words/box.de.json lacks %q", key, text)
		}
	}
	reasons := append(slices.Collect(maps.Values(fileKeys())), pathReason)
	for _, why := range reasons {
		if _, ok := pages.Translated("de", why); !ok {
			t.Errorf("pages/words/box.de.json lacks %q", why)
		}
	}
}
