package accounts_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/lineside/lineside/operators"
)

// TestDiskFull: nobody comes in without its being on record, and the page says
// why; who goes out is out at once, and stays out over a restart.
func TestDiskFull(t *testing.T) {
	l := newLab(t)
	anna := l.setUp(t)
	l.setFull(true)
	_, err := l.SignIn(t.Context(), here, "anna", secret(good))
	var e *operators.Error
	if !errors.As(err, &e) || e.Status != http.StatusInsufficientStorage || e.Hint == "" {
		t.Fatalf("a sign-in: got %v, want 507 and what to do", err)
	}
	if _, err := l.SignIn(t.Context(), here, "anna", secret("Wrong-Pass-1")); err == nil || errors.As(err, &e) && e.Status != http.StatusUnauthorized {
		t.Errorf("a wrong password: got %v, want what it always gets", err)
	}
	if err := l.SignOut(t.Context(), anna.Token); !errors.As(err, &e) || e.Status != http.StatusInsufficientStorage {
		t.Errorf("signing out: got %v, want 507", err)
	}
	if _, in := l.Who(anna.Token, true); in {
		t.Error("got still signed in, want out whatever the disk says")
	}
	l.setFull(false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ctx); err != nil { // which writes before it ends
		t.Fatal(err)
	}
	l.restart(t)
	if _, in := l.Who(anna.Token, true); in {
		t.Error("after a restart: got signed in again, want out")
	}
	if _, err := l.SignIn(t.Context(), here, "anna", secret(good)); err != nil {
		t.Errorf("with room on the disk: got %v, want to come in", err)
	}
}
