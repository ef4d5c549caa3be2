package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/cfn"

	"boomerang/functions/setup/provision"
	"boomerang/shared/fault"
)

// notCreated is the physical id of a resource whose creation left nothing behind.
// CloudFormation deletes what it could not create, and that must not remove an existing
// webhook. nothing is the id of the version before.
const (
	notCreated = "boomerang-not-created"
	nothing    = "boomerang-nothing"
)

// physicalID stays the same as long as the webhook's name does. When it changes,
// CloudFormation deletes the old resource after the update. The resource must also keep
// its logical name in the template: under a new one it would be created, found to exist,
// and deleted as the old one.
func physicalID(webhookName string) string { return "boomerang-webhook-" + webhookName }

type outcome struct {
	id      string
	data    map[string]any
	changes []provision.Change
	remarks []string // problems that are no failure
	err     error
}

// resource processes one request and answers it in every case.
func (h *Handler) resource(ctx context.Context, request cfn.Event) error {
	result := make(chan outcome, 1)
	go func() { result <- h.attempt(ctx, request) }()
	limited, cancel := withReserve(ctx, answerReserve)
	defer cancel()
	var o outcome
	select {
	case o = <-result:
	case <-limited.Done():
		o = interrupted(request, fault.New(fault.Temporary, "the function timed out before it was done: try again", context.Cause(limited)))
	}
	h.log(ctx, request, o)
	return h.answer(ctx, request.ResponseURL, responseTo(request, o))
}

// attempt recovers from a panic, because a dead process could not answer.
func (h *Handler) attempt(ctx context.Context, request cfn.Event) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = interrupted(request, fault.New(fault.Internal, "internal error in Boomerang; see its log", fault.FromPanic(r)))
		}
	}()
	ctx, cancel := withReserve(ctx, rollbackReserve)
	defer cancel()
	switch request.RequestType {
	case cfn.RequestCreate, cfn.RequestUpdate:
		return h.install(ctx, request)
	case cfn.RequestDelete:
		return h.remove(ctx, request)
	}
	return outcome{id: idAfterFailure(request, notCreated), err: fault.New(fault.Invalid, fmt.Sprintf("unknown request type %q", request.RequestType), nil)}
}

// idAfterFailure keeps the id in an update; with another one CloudFormation would delete
// the resource.
func idAfterFailure(request cfn.Event, created string) string {
	if request.RequestType == cfn.RequestCreate || request.PhysicalResourceID == "" {
		return created
	}
	return request.PhysicalResourceID
}

// interrupted is the outcome of a request that may have created something.
func interrupted(request cfn.Event, err error) outcome {
	name, _ := request.ResourceProperties["WebhookName"].(string)
	return outcome{id: idAfterFailure(request, physicalID(name)), err: err}
}

func (h *Handler) install(ctx context.Context, request cfn.Event) outcome {
	failed := outcome{id: idAfterFailure(request, notCreated)}
	spec, err := readSpec(request.ResourceProperties)
	if failed.err = errors.Join(h.failing, err); failed.err != nil {
		return failed
	}
	spec.FormerURL, spec.FormerRoute = text(request.OldResourceProperties, "FunctionUrl"), text(request.OldResourceProperties, "Route")
	token, err := h.Tokens.Current(ctx)
	if err != nil {
		failed.err = err
		return failed
	}
	result, err := h.Provisioner.Install(ctx, spec, token.Reveal())
	if err != nil {
		if _, incomplete := errors.AsType[provision.IncompleteError](err); incomplete {
			failed.id = idAfterFailure(request, physicalID(spec.WebhookName))
		}
		failed.err = err
		return failed
	}
	return outcome{id: physicalID(spec.WebhookName), changes: result.Changes, data: map[string]any{
		"DashboardUrl": result.DashboardURL, "Mention": "@webhook-" + spec.WebhookName,
	}}
}

// remove always succeeds: a stack that cannot be deleted is worse than a webhook that is
// left behind. The log and the reason name what is left.
func (h *Handler) remove(ctx context.Context, request cfn.Event) outcome {
	o := outcome{id: request.PhysicalResourceID}
	if o.id == notCreated || o.id == nothing {
		return o
	}
	spec := lenientSpec(request.ResourceProperties)
	switch {
	case h.failing != nil:
		o.remarks = []string{"nothing was removed from Datadog: " + fault.Public(h.failing)}
		return o
	case spec.FunctionURL == "" || spec.WebhookName == "" || spec.Stack == "":
		o.remarks = []string{"nothing was removed from Datadog: the custom resource's properties do not name the webhook and the stack"}
		return o
	}
	changes, left := h.Provisioner.Remove(ctx, spec)
	o.changes = changes
	for _, c := range changes {
		if c.Action == provision.Unchanged {
			o.remarks = append(o.remarks, c.Name+" was not removed, because the webhook now calls another receiver")
		}
	}
	for _, err := range left {
		o.remarks = append(o.remarks, fault.Public(err))
	}
	return o
}

// log omits the URL for the answer, which is a secret.
func (h *Handler) log(ctx context.Context, request cfn.Event, o outcome) {
	level := slog.LevelInfo
	attributes := []slog.Attr{
		slog.String("request", string(request.RequestType)), slog.String("resource", request.LogicalResourceID),
		slog.String("stack", request.StackID), slog.String("id", o.id),
	}
	for _, c := range o.changes {
		attributes = append(attributes, slog.String(c.Name, string(c.Action)))
	}
	if len(o.remarks) > 0 {
		level = slog.LevelWarn
		attributes = append(attributes, slog.String("remarks", strings.Join(o.remarks, "; ")))
	}
	if o.err != nil {
		level = slog.LevelError
		attributes = append(attributes, errorAttributes(o.err)...)
	}
	h.Logger.LogAttrs(ctx, level, "setup", attributes...)
}

// errorAttributes may contain the cause, because setup processes no alert whose words it
// could quote.
func errorAttributes(err error) []slog.Attr {
	return []slog.Attr{slog.String("error", fault.Public(err)), slog.String("cause", err.Error())}
}
