package main

import (
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// TestThePlatformMoves: a box that was told of another address goes on over the
// one that works, and finds the platform there when the first is gone.
func TestThePlatformMoves(t *testing.T) {
	h := newHeadquarters(t)
	_, token := h.site("Branch 7")
	s := newSite(t)
	s.does("", 0, `"Branch 7" of https://`, "join", token)
	s.soon("linked since .*by "+regexp.QuoteMeta(h.srv.URL), "status")

	next := httptest.NewTLSServer(central.NewHandler(h.Platform))
	defer next.Close()
	defer next.CloseClientConnections()
	if err := h.SetOffer(wire.Offer{HTTPS: next.URL, NATS: []string{"ftp://platform.example"}}); err == nil {
		t.Error("an offer no box could use: taken")
	}
	if err := h.SetOffer(wire.Offer{HTTPS: next.URL}); err != nil {
		t.Fatal(err)
	}
	// It is told at the next hello, here because the line was cut for a moment.
	h.cut(true)
	s.soon("away", "status")
	h.cut(false)
	s.soon("platform_ways.*"+regexp.QuoteMeta(next.URL), "audit")
	s.soon("linked since .*by "+regexp.QuoteMeta(h.srv.URL), "status")

	h.cut(true)
	s.soon("linked since .*by "+regexp.QuoteMeta(next.URL), "status")
	h.cut(false)
	next.CloseClientConnections()
	s.soon("linked", "status")
}
