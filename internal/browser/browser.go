package browser

import (
	"context"
	_ "embed" // axe-core
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed axe/axe.min.js
var axe string

// step is how long one thing may take before the test fails.
const step = 15 * time.Second

// Browser is one window. Its methods fail the test where they cannot do what they
// say.
type Browser struct {
	t    testing.TB
	base string
	ctx  context.Context

	width int64 // of the window

	mu       sync.Mutex
	said     []string // by the console and the policy
	expected []string // parts of what may be said
	bytes    int64    // transferred since the page was opened
}

// New starts a browser for the pages at base, such as https://127.0.0.1:8443. It
// ends with the test. Without Chromium the test is skipped, or failed under
// REQUIRE=1. more are what it is started with besides.
func New(t testing.TB, base string, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REQUIRE") == "1" {
			t.Fatalf("find chromium: %v", err)
		}
		t.Skipf("find chromium: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.IgnoreCertErrors, // the box's certificate is its own
		chromedp.Flag("lang", "en"), chromedp.Flag("force-color-profile", "srgb"))
	options = append(options, more...)
	// The test's own context ends before its clean-up, which is to end the browser.
	alloc, endAlloc := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	// The library says of each event it does not know that it does not.
	ctx, end := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser has ended
		end()
		endAlloc()
	})
	b := &Browser{t: t, base: strings.TrimSuffix(base, "/"), ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	if err := chromedp.Run(ctx, network.Enable(), cdplog.Enable(), runtime.Enable()); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	b.Width(1440)
	return b
}

// hear notes what console, policy and network say.
func (b *Browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.said = append(b.said, fmt.Sprintf("console: %s", arguments(e.Args)))
		}
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, "exception: "+e.ExceptionDetails.Error())
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning {
			b.said = append(b.said, fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL))
		}
	case *network.EventLoadingFinished:
		b.bytes += int64(e.EncodedDataLength)
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, strings.TrimSpace(string(a.Value)+" "+a.Description))
	}
	return strings.Join(all, " ")
}

// Do runs actions of chromedp, for what has no method of its own.
func (b *Browser) Do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("%s at %s: %v\nthe browser said: %q\nthe page says:\n%s", what, b.Path(), err, b.Said(), b.words())
	}
}

// words is the page's text, for a test that failed.
func (b *Browser) words() string {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	var text string
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText.slice(0, 1500)`, &text)); err != nil {
		return err.Error()
	}
	return text
}

// Width makes the window as wide as a screen: 390 is a phone's.
func (b *Browser) Width(pixels int64) {
	b.t.Helper()
	b.width = pixels
	height := int64(900)
	if pixels < 600 {
		height = 844
	}
	b.Do("set the width", emulation.SetDeviceMetricsOverride(pixels, height, 1, pixels < 600))
}

// Dark has the system ask for dark colours, or light ones.
func (b *Browser) Dark(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.Do("set the colours", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// Open goes to a page.
func (b *Browser) Open(path string) {
	b.t.Helper()
	b.mu.Lock()
	b.bytes = 0
	b.mu.Unlock()
	b.Do("open "+path, chromedp.Navigate(b.base+path), chromedp.WaitReady("main"))
}

// Transferred is how many bytes came over the network since the page was opened.
func (b *Browser) Transferred() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// Path is where the browser is now.
func (b *Browser) Path() string {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	var path string
	if err := chromedp.Run(ctx, chromedp.Evaluate(`location.pathname + location.search`, &path)); err != nil {
		return err.Error()
	}
	return path
}

// Fill writes text into the field a selector names, in the place of what is there.
func (b *Browser) Fill(selector, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(selector) // a string has always its JSON
	b.Do("write into "+selector, chromedp.WaitVisible(selector, chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector(`+string(quoted)+`).select()`, nil), chromedp.SendKeys(selector, text, chromedp.ByQuery))
}

// Click presses what a selector names.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Do("press "+selector, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// See waits until the text stands on the page.
func (b *Browser) See(text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(text) // a string has always its JSON
	b.Wait("wait for "+text, `document.body && document.body.innerText.includes(`+string(quoted)+`)`)
}

// At waits until the browser is at a path.
func (b *Browser) At(path string) {
	b.t.Helper()
	quoted, _ := json.Marshal(path)
	b.Wait("wait to be at "+path, `location.pathname + location.search === `+string(quoted)+` && document.readyState === "complete"`)
}

// Wait waits until a script comes to true, also over a change of page.
func (b *Browser) Wait(what, script string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var is bool
		err := chromedp.Run(ctx, chromedp.Evaluate(`!!(`+script+`)`, &is))
		if err == nil && is { // an error is a page that is just going
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("%s at %s: it did not come\nthe browser said: %q\nthe page says:\n%s", what, b.Path(), b.Said(), b.words())
		case <-tick.C:
		}
	}
}

// Text is what a selector's element says.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	var text string
	b.Do("read "+selector, chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// Evaluate gives what a script comes to.
func (b *Browser) Evaluate(script string, out any) {
	b.t.Helper()
	b.Do("evaluate "+script, chromedp.Evaluate(script, out))
}

// Promise gives what a promise of a script comes to.
func Promise(script string, out any) chromedp.Action {
	return chromedp.Evaluate(script, out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })
}

// Expect names a part of what the browser may say: an answer a test provokes.
func (b *Browser) Expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

// Said is what console and policy said, but for what was expected, and forgets it.
func (b *Browser) Said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, line := range b.said {
		fine := false
		for _, part := range b.expected {
			fine = fine || strings.Contains(line, part)
		}
		if !fine {
			all = append(all, line)
		}
	}
	b.said = nil
	return all
}

// Shot takes a picture of the whole page, as wide as a phone's screen and as a
// desk's, in light and dark, into the directory SCREENSHOTS names; without one it
// does nothing.
func (b *Browser) Shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, width := range []int64{390, 1440} {
		for scheme, dark := range map[string]bool{"light": false, "dark": true} {
			b.Width(width)
			b.Dark(dark)
			var png []byte
			b.Do("take a picture of "+name, whole(&png))
			file := filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
			if err := os.WriteFile(file, png, 0o644); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	b.Dark(false)
}

// whole is a picture of the page and not only of the window.
func whole(png *[]byte) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) (err error) {
		*png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).Do(ctx)
		return err
	})
}

// Audit fails the test for what axe-core finds wrong with the page at both
// widths, for a page wider than the screen, and for what the browser said.
func (b *Browser) Audit(name string) {
	b.t.Helper()
	for _, width := range []int64{390, 1440} {
		b.Width(width)
		b.audit(fmt.Sprintf("%s at %d", name, width))
	}
	b.Dark(true)
	b.audit(name + " in the dark")
	b.Dark(false)
	for _, line := range b.Said() {
		b.t.Errorf("%s: the browser said: %s", name, line)
	}
}

// violation is what axe-core says of one rule.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// audit runs axe-core, in a world of its own so that the page's policy is not
// bent for it.
func (b *Browser) audit(name string) {
	b.t.Helper()
	var there bool
	b.Evaluate(`typeof axe !== "undefined"`, &there)
	if !there {
		b.Do("load axe-core", chromedp.Evaluate(axe+"; 0", nil))
	}
	var found struct {
		Violations []violation `json:"violations"`
		Wide       int         `json:"wide"`
	}
	// A phone's browser makes the page's own view wider for what does not fit, so
	// that is measured by the screen's width.
	run := `document.getAnimations().forEach(a => a.finish()); axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => ({violations: r.violations, wide: document.documentElement.scrollWidth - ` + strconv.FormatInt(b.width, 10) + `}))`
	b.Do("audit "+name, Promise(run, &found))
	if found.Wide > 0 {
		b.t.Errorf("%s: the page is %d pixels wider than the screen", name, found.Wide)
	}
	for _, v := range found.Violations {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s: %s\n%s\n%s", name, v.ID, v.Help, n.HTML, n.Summary)
		}
	}
}
