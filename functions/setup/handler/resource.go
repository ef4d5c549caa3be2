package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/installation"
	"boomerang/shared/fault"
)

// nothing is the physical id of a resource whose creation left nothing behind.
// CloudFormation deletes what it could not create, by the id that it was told, and
// that must not remove what the creation was refused for.
const nothing = "boomerang-nothing"

// idOf is the physical id of what belongs to a webhook. It stays while the webhook's
// name does; when that changes, CloudFormation deletes the old one once the update of
// the whole stack has succeeded, and the new one when it has not. For the same reason
// the resource must keep its name in the template: under another it would be created,
// found to be there, and then deleted as the old one.
func idOf(webhookName string) string { return "boomerang-webhook-" + webhookName }

// outcome is how a request went.
type outcome struct {
	id   string
	data map[string]any
	// changes is what was done, and remarks what people should know although it is no
	// failure.
	changes []installation.Change
	remarks []string
	err     error
}

// resource carries out one request, and answers it whatever happens.
func (h *Handler) resource(ctx context.Context, request cfn.Event) error {
	result := make(chan outcome, 1)
	go func() { result <- h.attempt(ctx, request) }()
	enough, cancel := working(ctx, answerReserve)
	defer cancel()
	var o outcome
	select {
	case o = <-result:
	case <-enough.Done():
		o = outcome{id: idAfter(request, idOf(webhookNameIn(request))), err: fault.New(fault.Temporary, "the time of the function ended before it was done: try again", context.Cause(enough))}
	}
	h.record(ctx, request, o)
	return h.answer(ctx, request.ResponseURL, responseTo(request, o))
}

// attempt is the work of a request. A panic is its failure and not that of the
// process, which could not answer any more.
func (h *Handler) attempt(ctx context.Context, request cfn.Event) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{
				id:  idAfter(request, idOf(webhookNameIn(request))),
				err: fault.New(fault.Internal, "something went wrong inside Boomerang; its log says what", fault.FromPanic(r)),
			}
		}
	}()
	ctx, cancel := working(ctx, undoReserve)
	defer cancel()
	switch request.RequestType {
	case cfn.RequestCreate, cfn.RequestUpdate:
		return h.install(ctx, request)
	case cfn.RequestDelete:
		return h.remove(ctx, request)
	}
	return outcome{id: idAfter(request, nothing), err: fault.New(fault.Invalid, fmt.Sprintf("there is no request type %q", request.RequestType), nil)}
}

// idAfter is the physical id of a request that failed: an update keeps the one it
// has, or CloudFormation would delete the resource.
func idAfter(request cfn.Event, created string) string {
	if request.RequestType == cfn.RequestCreate || request.PhysicalResourceID == "" {
		return created
	}
	return request.PhysicalResourceID
}

func webhookNameIn(request cfn.Event) string {
	name, _ := request.ResourceProperties["WebhookName"].(string)
	return name
}

func (h *Handler) install(ctx context.Context, request cfn.Event) outcome {
	failed := outcome{id: idAfter(request, nothing)}
	p, err := readProperties(request.ResourceProperties)
	if failed.err = errors.Join(h.broken, err); failed.err != nil {
		return failed
	}
	token, err := h.Tokens.Current(ctx)
	if err != nil {
		failed.err = err
		return failed
	}
	installed, err := h.Installer.Install(ctx, p.spec(formerURL(request.OldResourceProperties)), token.Reveal())
	if err != nil {
		if _, left := errors.AsType[installation.Incomplete](err); left {
			failed.id = idAfter(request, idOf(p.WebhookName))
		}
		failed.err = err
		return failed
	}
	return outcome{id: idOf(p.WebhookName), changes: installed.Changes, data: map[string]any{
		"DashboardUrl": installed.DashboardURL, "Mention": "@webhook-" + p.WebhookName,
	}}
}

// remove always succeeds: a stack that cannot be deleted is worse than a webhook
// that nobody answers, which the log and the reason name.
func (h *Handler) remove(ctx context.Context, request cfn.Event) outcome {
	o := outcome{id: request.PhysicalResourceID}
	if o.id == nothing {
		return o
	}
	p, enough := leniently(request.ResourceProperties)
	switch {
	case h.broken != nil:
		o.remarks = []string{"nothing was removed from Datadog: " + fault.Public(h.broken)}
		return o
	case !enough:
		o.remarks = []string{"nothing was removed from Datadog, because the custom resource's properties do not say what there is"}
		return o
	}
	var left []error
	o.changes, left = h.Installer.Remove(ctx, p.spec(""))
	for _, c := range o.changes {
		if c.Verb == installation.Unchanged {
			o.remarks = append(o.remarks, c.What+" was left alone, because that webhook calls somebody else now")
		}
	}
	for _, err := range left {
		o.remarks = append(o.remarks, fault.Public(err))
	}
	return o
}

// record logs a request; its address for the answer is a secret and stays out.
func (h *Handler) record(ctx context.Context, request cfn.Event, o outcome) {
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("request", string(request.RequestType)), slog.String("resource", request.LogicalResourceID),
		slog.String("stack", request.StackID), slog.String("id", o.id),
	}
	for _, c := range o.changes {
		attributes = append(attributes, slog.String(c.What, string(c.Verb)))
	}
	if len(o.remarks) > 0 {
		level = slog.LevelWarn
		attributes = append(attributes, slog.String("remarks", strings.Join(o.remarks, "; ")))
	}
	if o.err != nil {
		level = slog.LevelError
		attributes = append(attributes, told(o.err)...)
	}
	h.Logger.LogAttrs(ctx, level, "setup", attributes...)
}

// told is what the log has of a failure. Setup works on no alert whose words it could
// quote, so that is all that people are told, and the cause.
func told(err error) []slog.Attr {
	return []slog.Attr{slog.String("error", fault.Public(err)), slog.String("cause", err.Error())}
}
