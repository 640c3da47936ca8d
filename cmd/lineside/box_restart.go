package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/operators"
)

// codeFellBack is the condition of a box that runs on the settings of before.
const codeFellBack = "settings-fell-back"

// errAgain ends a box that is to start anew.
var errAgain = errors.New("the box starts anew")

// Restart has the box start anew, by the loop that started it. Settings that are
// known not to work are refused here: what the loop finds out only by trying, it
// takes back.
func (b *box) Restart(ctx context.Context, by audit.Actor) error {
	if b.again == nil {
		return operators.Fail(http.StatusConflict, "nothing here would start the box again", "end it and start it by hand")
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	l, err := readLayers(b.settings.Path, overlayName)
	if err != nil {
		return operatorError(err)
	}
	read := l.read()
	if wrong := b.tryOut(ctx, read, read); len(wrong) > 0 {
		return operatorError(wrong)
	}
	if err := b.store.Record(ctx, audit.Record{By: by, Event: audit.RestartAsked{}}); err != nil {
		return fmt.Errorf("record the restart: %w", err)
	}
	b.again()
	return nil
}

// fellBack puts before the operator that newer settings did not start.
func (b *box) fellBack(err error) {
	b.log.Error("the newest settings did not start; those of before are in force", "err", err)
	b.health.Raise(time.Now(), health.Condition{
		Code: codeFellBack, Title: "The newest settings did not start, and those of before are in force",
		Meaning: "phones are served as they were; nothing of what was changed last counts yet",
		Do:      "correct what the detail names, on the page or with: lineside settings; then: lineside restart",
		Detail:  err.Error(),
	})
}
