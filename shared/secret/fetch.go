package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"boomerang/shared/fault"
)

// Client needs the permission secretsmanager:GetSecretValue. *secretsmanager.Client is
// one.
type Client interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// The staging labels of a rotation
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version).
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
	pending  = "AWSPENDING"
)

func byStage(id, stage string) *secretsmanager.GetSecretValueInput {
	return &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: &stage}
}

// fetch returns the content of one version of a secret.
func fetch(ctx context.Context, client Client, in *secretsmanager.GetSecretValueInput) ([]byte, error) {
	out, err := client.GetSecretValue(ctx, in)
	switch {
	case err != nil:
		return nil, readError(*in.SecretId, err)
	case out != nil && out.SecretString != nil:
		return []byte(*out.SecretString), nil
	case out != nil && out.SecretBinary != nil:
		return out.SecretBinary, nil
	}
	return nil, fault.New(fault.Temporary, fmt.Sprintf("Secrets Manager returned secret %q without a value; it will be retried", *in.SecretId), nil)
}

const notFound = "ResourceNotFoundException"

// readErrors are the error codes of GetSecretValue with a remedy
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors).
// All other codes are temporary.
var readErrors = map[string]struct {
	kind fault.Kind
	text string
}{
	notFound:                    {fault.Permanent, "secret %q does not exist in this account and region, or has no value: create it, or correct the variable that names it"},
	"InvalidParameterException": {fault.Permanent, "%q is not the name or the ARN of a secret: correct the variable that names it"},
	"ValidationException":       {fault.Permanent, "%q is not the name or the ARN of a secret: correct the variable that names it"},
	"InvalidRequestException":   {fault.Permanent, "secret %q cannot be read, most likely because it is scheduled for deletion: restore it"},
	"AccessDeniedException":     {fault.Temporary, "the function's role cannot read secret %q: allow secretsmanager:GetSecretValue on it, and kms:Decrypt if it has its own key"},
	"DecryptionFailure":         {fault.Temporary, "secret %q cannot be decrypted: enable its KMS key, and allow the function's role kms:Decrypt with it"},
}

func readError(id string, err error) error {
	if known, ok := readErrors[errorCode(err)]; ok {
		return fault.New(known.kind, fmt.Sprintf(known.text, id), err)
	}
	text := "secret %q cannot be read because Secrets Manager failed; it will be retried"
	if errors.Is(err, context.DeadlineExceeded) {
		text = "secret %q cannot be read because Secrets Manager did not answer in time; it will be retried"
	}
	return fault.New(fault.Temporary, fmt.Sprintf(text, id), redactError(err))
}

// errorCode returns the code of an error that AWS sent, or "".
func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// redactError drops the SDK's text about an unreadable response, which quotes the
// response and with it the secret.
func redactError(err error) error {
	if errorCode(err) != "" {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return fmt.Errorf("the response with HTTP status %d is not readable", response.HTTPStatusCode())
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return errors.New("the response is not readable")
	}
	return err
}

// fetchMembers returns members of a secret that is a JSON object, trimmed. Errors do not
// quote the content.
func fetchMembers(ctx context.Context, client Client, in *secretsmanager.GetSecretValueInput, names ...string) ([]Secret, error) {
	content, err := fetch(ctx, client, in)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage // Other members may hold anything.
	isObject := json.Unmarshal(content, &object) == nil && object != nil
	values := make([]Secret, len(names))
	want := make([]string, len(names))
	var missing []string
	for i, name := range names {
		var text string
		_ = json.Unmarshal(object[name], &text) // It is missing below.
		if values[i] = New(strings.TrimSpace(text)); values[i].IsEmpty() {
			missing = append(missing, name)
		}
		want[i] = fmt.Sprintf("%q:%q", name, "…")
	}
	problem := "has no text in " + strings.Join(missing, " and ")
	switch {
	case !isObject:
		problem = "is not a JSON object"
	case missing == nil:
		return values, nil
	}
	return nil, fault.New(fault.Permanent, fmt.Sprintf("secret %q %s: store {%s} in it", *in.SecretId, problem, strings.Join(want, ",")), nil)
}

// CurrentToken returns the AWSCURRENT token of the secret with this name or ARN and the
// content {"token":"…"}. It is not cached.
func CurrentToken(ctx context.Context, client Client, id string) (Secret, error) {
	return fetchToken(ctx, client, byStage(id, current))
}

// fetchToken returns the token in one version of a secret.
func fetchToken(ctx context.Context, client Client, in *secretsmanager.GetSecretValueInput) (Secret, error) {
	values, err := fetchMembers(ctx, client, in, "token")
	if err != nil {
		return Secret{}, err
	}
	return values[0], nil
}
