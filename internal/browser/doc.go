// Package browser drives a real Chromium over the pages of a box in tests: it
// opens pages, types and clicks as people do, takes pictures at the width of a
// phone's screen and of a desk's, and looks at what no handler's test sees: what
// the browser's console said, what the page's policy kept from running, and what
// axe-core (WCAG 2.2 A and AA) finds wrong for people who cannot see, or use a
// keyboard alone.
//
// Known deviation: Chromium runs without its sandbox where the tests run as root,
// as they do in make test; it opens pages of the box under test alone.
package browser
