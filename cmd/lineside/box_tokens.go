package main

import (
	"context"
	"fmt"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/store"
)

// tokenStore lets the API keep its tokens in the store: each has its own type,
// since neither may know the other.
type tokenStore struct{ store *store.Store }

// Tokens gives the list. A role this build does not know is none, and opens
// nothing.
func (t tokenStore) Tokens() []admin.TokenRecord {
	kept := t.store.Tokens()
	list := make([]admin.TokenRecord, len(kept))
	for i, k := range kept {
		role, err := auth.ParseRole(k.Role)
		if err != nil {
			role = 0
		}
		list[i] = admin.TokenRecord{Name: k.Name, Role: role, Hash: k.Hash, Added: k.Added}
	}
	return list
}

// ChangeTokens changes the list in a transaction with its events.
func (t tokenStore) ChangeTokens(ctx context.Context, edit func([]admin.TokenRecord) ([]admin.TokenRecord, []audit.Record, error)) error {
	err := t.store.ChangeTokens(ctx, func([]store.Token) ([]store.Token, []audit.Record, error) {
		next, events, err := edit(t.Tokens())
		if err != nil {
			return nil, nil, err
		}
		keep := make([]store.Token, len(next))
		for i, n := range next {
			keep[i] = store.Token{Name: n.Name, Role: n.Role.String(), Hash: n.Hash, Added: n.Added}
		}
		return keep, events, nil
	})
	if err != nil {
		return fmt.Errorf("change the tokens: %w", err)
	}
	return nil
}
