package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

// deviceVerb is a verb without words of its own, for one device or several.
func (p *program) deviceVerb(name, short string, do func(context.Context, *admin.Client, phone.MAC) (admin.Device, error)) *cobra.Command {
	return &cobra.Command{
		Use: name + " MAC...", Short: short, ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.eachDevice(cmd, args, do)
		},
	}
}

func (p *program) eachDevice(cmd *cobra.Command, args []string, do func(context.Context, *admin.Client, phone.MAC) (admin.Device, error)) error {
	macs, err := macArgs(cmd, args)
	if err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	done := []admin.Device{}
	var errs []error
	for _, mac := range macs {
		d, err := do(cmd.Context(), c, mac)
		if err != nil {
			if !strings.Contains(err.Error(), mac.String()) {
				err = fmt.Errorf("%s: %w", mac, err)
			}
			errs = append(errs, err)
			continue
		}
		done = append(done, d)
		if !p.json {
			errs = append(errs, p.say("%s is now %s", d.MAC, stateText(d.Enrolment)), p.next(d.Enrolment.Next))
		}
	}
	if p.json {
		errs = append(errs, shell.WriteJSON(p.out, done))
	}
	return errors.Join(errs...)
}

func (p *program) deviceAllowOTPCommand() *cobra.Command {
	var clearOld, keepOld bool
	cmd := &cobra.Command{
		Use: "allow-otp MAC...", Short: "Let a device use its brand's one-time password once more", ValidArgsFunction: p.completeMACs,
		Long: "Let a device use its brand's one-time password once more. Without --clear or --keep you\n" +
			"are asked whether the login it has goes at once; a script is not, and keeps it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !clearOld && !keepOld && !p.json && p.atTerminal() {
				var err error
				if clearOld, err = p.askToClear(cmd, args); err != nil {
					return err
				}
			}
			return p.eachDevice(cmd, args, func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Device, error) {
				return c.AllowOTP(ctx, mac, clearOld)
			})
		},
	}
	cmd.Flags().BoolVar(&clearOld, "clear", false, "make its old user name and password void at once")
	cmd.Flags().BoolVar(&keepOld, "keep", false, "keep them until it uses new ones")
	cmd.MarkFlagsMutuallyExclusive("clear", "keep")
	return cmd
}

func (p *program) deviceRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove MAC...", Short: "Delete devices with their credentials", ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			macs, err := macArgs(cmd, args)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			for _, mac := range macs {
				if err := c.RemoveDevice(cmd.Context(), mac); err != nil {
					return fmt.Errorf("%s: %w", mac, err)
				}
				if !p.json {
					_ = p.say("%s is removed", mac)
				}
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]any{"removed": macs})
			}
			return nil
		},
	}
}
