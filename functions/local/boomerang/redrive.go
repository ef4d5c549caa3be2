package main

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"

	"boomerang/functions/local/deployed"
	"boomerang/functions/local/redrive"
	"boomerang/shared/config"
)

func (c cli) redriveCommand() *cobra.Command {
	var apply bool
	cmd := &cobra.Command{
		Use: "redrive", Short: "Show the messages of the dead-letter queue, and move them back.",
		Long: "Show the messages of the dead-letter queue, and move them back.\nThe environment must set DEAD_LETTER_QUEUE_URL and REDELIVERY_QUEUE_URL.",
	}
	addSwitch(cmd, &apply, "apply", "GO", "move the messages back into the queue")
	return c.command(cmd, func(c cli, ctx context.Context, _ []string) error {
		cfg, err := config.Load[config.Redrive](c.env)
		if err != nil {
			return err
		}
		if cfg.DeadLetterQueueURL == cfg.RedeliveryQueueURL {
			return errors.New("REDELIVERY_QUEUE_URL and DEAD_LETTER_QUEUE_URL are the same queue")
		}
		awsCfg, err := deployed.Config(ctx)
		if err != nil {
			return err
		}
		r := redrive.Redriver{Client: sqs.NewFromConfig(awsCfg), Redrive: cfg, Out: c.notes()}
		result, err := r.Run(ctx, apply)
		if result.Messages != nil && c.output == asJSON {
			c.out.JSON(result)
		}
		return err
	}, outputFlag("how to show the messages", asText, asJSON))
}
