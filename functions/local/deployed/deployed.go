// Package deployed reads a deployed stack with the AWS credentials of this machine: who asks,
// the stack's parameters and outputs, and the secrets that its outputs name.
package deployed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/secret"
)

// Session is an AWS account and region with credentials that AWS accepts.
type Session struct {
	Account enrich.Account
	Caller  string // the ARN of the user or role

	config aws.Config
}

// timeout bounds the search for credentials, which may ask services that do not answer.
const timeout = 10 * time.Second

// Config finds the region and the credentials as the AWS SDK does.
func Config(ctx context.Context) (aws.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx)
	switch {
	case err != nil:
		return cfg, fmt.Errorf("the AWS configuration of this machine cannot be read: %w: correct AWS_PROFILE, or the file", err)
	case cfg.Region == "":
		return cfg, errors.New("AWS has no region here: set AWS_REGION, such as eu-west-1, or a region in the profile of AWS_PROFILE")
	}
	if _, err = cfg.Credentials.Retrieve(ctx); err != nil {
		err = errors.New("AWS has no credentials here, or they are too old: run `aws login` or `aws configure`, or set AWS_PROFILE")
	}
	return cfg, err
}

// Open asks AWS who the credentials of this machine are.
func Open(ctx context.Context) (Session, error) {
	cfg, err := Config(ctx)
	if err != nil {
		return Session{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return Session{}, fmt.Errorf("AWS does not answer in the region %s: check its name and the network: %w", cfg.Region, Reason(err))
	}
	if err != nil {
		return Session{}, fmt.Errorf("AWS refuses the credentials of this machine: log in again: %w", Reason(err))
	}
	caller, err := arn.Parse(aws.ToString(identity.Arn))
	if err != nil {
		return Session{}, fmt.Errorf("AWS does not say who asks: %w", err)
	}
	return Session{Account: enrich.Account{Partition: caller.Partition, Region: cfg.Region, ID: caller.AccountID}, Caller: caller.String(), config: cfg}, nil
}

// Reason keeps what a person can use of an error of the AWS SDK: the code and the message that AWS sent, or
// that AWS did not answer.
func Reason(err error) error {
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}

// Stack is a stack of the template, as CloudFormation describes it.
type Stack struct {
	Name                string
	Parameters, Outputs map[string]string
	Session             Session // that read it
}

// Stack reads a stack by its name.
func (s Session) Stack(ctx context.Context, name string) (Stack, error) {
	out, err := cloudformation.NewFromConfig(s.config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err == nil && len(out.Stacks) == 0 || err != nil && strings.Contains(err.Error(), "does not exist") {
		return Stack{}, fmt.Errorf("the stack %s does not exist in %s of the account %s", name, s.Account.Region, s.Account.ID)
	}
	if err != nil {
		return Stack{}, fmt.Errorf("the stack %s cannot be read, which needs cloudformation:DescribeStacks: %w", name, Reason(err))
	}
	found := out.Stacks[0]
	stack := Stack{Name: name, Parameters: map[string]string{}, Outputs: map[string]string{}, Session: s}
	for _, p := range found.Parameters {
		stack.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range found.Outputs {
		stack.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return stack, nil
}

// Output returns an output, which a stack of an older version may lack.
func (s Stack) Output(name string) (string, error) {
	if value := s.Outputs[name]; value != "" {
		return value, nil
	}
	return "", fault.New(fault.Permanent, fmt.Sprintf("the stack %s has no output %s: deploy it again with this version", s.Name, name), nil)
}

// Token returns the token that the webhook expects now.
func (s Stack) Token(ctx context.Context) (string, error) {
	id, err := s.Output("WebhookSecretArn")
	if err != nil {
		return "", err
	}
	token, err := secret.CurrentToken(ctx, secretsmanager.NewFromConfig(s.Session.config).GetSecretValue, id)
	return token.Reveal(), err
}

// Keys returns the keys with which the functions call Datadog.
func (s Stack) Keys(ctx context.Context) (secret.DatadogKeys, error) {
	id, err := s.Output("DatadogSecretArn")
	if err != nil {
		return secret.DatadogKeys{}, err
	}
	return secret.NewDatadogKeys(secretsmanager.NewFromConfig(s.Session.config).GetSecretValue, id, nil).Get(ctx)
}

// Missing returns which of the values a parameter of the stack, a list, does not have.
func (s Stack) Missing(parameter string, values []string) (missing []string) {
	has := strings.Split(s.Parameters[parameter], ",")
	for _, value := range values {
		if !slices.ContainsFunc(has, func(one string) bool { return isSame(strings.TrimSpace(one), value) }) {
			missing = append(missing, value)
		}
	}
	return missing
}

// isSame compares two ARNs. In both, ?????? may stand for the last six characters.
func isSame(a, b string) bool {
	const unknown = "??????"
	if len(a) == len(b) && (strings.HasSuffix(a, unknown) || strings.HasSuffix(b, unknown)) {
		a, b = a[:len(a)-len(unknown)], b[:len(b)-len(unknown)]
	}
	return a == b
}
