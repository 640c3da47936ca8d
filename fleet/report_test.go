package fleet

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	tests := []struct {
		name string
		took []time.Duration
		want Spread
	}{
		{"nothing", nil, Spread{}},
		{"one", []time.Duration{7}, Spread{Count: 1, P50: 7, P99: 7, Max: 7}},
		{"two", []time.Duration{9, 1}, Spread{Count: 2, P50: 1, P99: 9, Max: 9}},
		{"a hundred, longest first", hundred, Spread{Count: 100, P50: 50, P99: 99, Max: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := spread(tt.took); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestKind(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{fmt.Errorf("phone: %w", ErrRefused), "refused"},
		{fmt.Errorf("%w: %w", ErrNoLease, context.Canceled), "stopped"},
		{fmt.Errorf("%w: %w", ErrNoAnswer, context.DeadlineExceeded), "no answer"},
		{context.DeadlineExceeded, "stopped"},
		{errors.New("disk full"), "other"},
	}
	for _, tt := range tests {
		if got := Kind(tt.err); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
		}
	}
}
