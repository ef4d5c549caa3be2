package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"boomerang/shared/fault"
)

// Client is what the package needs of Secrets Manager: permission
// secretsmanager:GetSecretValue and nothing else. *secretsmanager.Client is one.
type Client interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// The staging labels that Secrets Manager itself moves at a rotation
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version).
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// fetch returns the content of one version of a secret.
func fetch(ctx context.Context, client Client, id, stage string) ([]byte, error) {
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:     aws.String(id),
		VersionStage: aws.String(stage),
	})
	switch {
	case err != nil:
		return nil, failure(id, err)
	case out != nil && out.SecretString != nil:
		return []byte(*out.SecretString), nil
	case out != nil && out.SecretBinary != nil:
		return out.SecretBinary, nil
	}
	return nil, fault.New(fault.Temporary, fmt.Sprintf("Secrets Manager answered without the value of secret %q: it will be asked again", id), nil)
}

const notFound = "ResourceNotFoundException"

// refusals are the error codes of GetSecretValue, and AWS's common ones, that
// have a remedy
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors).
// Codes that are not here pass by themselves.
var refusals = map[string]struct {
	kind fault.Kind
	text string
}{
	notFound: {
		fault.Permanent, "secret %q does not exist in this account and region, or has no value: create it, or correct the variable that names it",
	},
	"InvalidParameterException": {
		fault.Permanent, "Secrets Manager does not take %q for a secret's name or ARN: correct the variable that names it",
	},
	"ValidationException": {
		fault.Permanent, "Secrets Manager does not take %q for a secret's name or ARN: correct the variable that names it",
	},
	"InvalidRequestException": {
		fault.Permanent, "secret %q cannot be read in its present state, most likely because it is scheduled for deletion: restore it",
	},
	"AccessDeniedException": {
		fault.Temporary, "secret %q may not be read: allow the function's role secretsmanager:GetSecretValue on it, and kms:Decrypt if it has a key of its own",
	},
	"DecryptionFailure": {
		fault.Temporary, "secret %q cannot be decrypted: enable its KMS key, and allow the function's role kms:Decrypt with it",
	},
}

func failure(id string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if r, known := refusals[api.ErrorCode()]; known {
			return fault.New(r.kind, fmt.Sprintf(r.text, id), err)
		}
	}
	text := "secret %q could not be read because Secrets Manager failed: it will be asked again"
	if errors.Is(err, context.DeadlineExceeded) {
		text = "secret %q could not be read because Secrets Manager did not answer in time: it will be asked again"
	}
	return fault.New(fault.Temporary, fmt.Sprintf(text, id), clean(err))
}

// clean drops what the SDK says about an answer that it could not read, because
// it keeps a copy of the answer, and with it of the secret.
func clean(err error) error {
	if _, ok := errors.AsType[smithy.APIError](err); ok {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	_, unread := errors.AsType[*smithy.DeserializationError](err)
	switch {
	case answered:
		return fmt.Errorf("the answer, of HTTP status %d, was not readable", answer.HTTPStatusCode())
	case unread:
		return errors.New("the answer was not readable")
	}
	return err
}

// texts returns the named members of a JSON object, trimmed, in the order of the
// names. The error says what is wrong in general and quotes nothing; the JSON
// package's own would quote the content.
func texts(id string, content []byte, names ...string) ([]Text, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(content, &object) != nil || object == nil {
		return nil, wrong(id, "is not a JSON object", names)
	}
	values := make([]Text, len(names))
	var missing []string
	for i, name := range names {
		var s string
		if json.Unmarshal(object[name], &s) != nil || strings.TrimSpace(s) == "" {
			missing = append(missing, name)
			continue
		}
		values[i] = NewText(strings.TrimSpace(s))
	}
	if missing != nil {
		return nil, wrong(id, "has no text in "+strings.Join(missing, " and "), names)
	}
	return values, nil
}

func wrong(id, what string, names []string) error {
	members := make([]string, len(names))
	for i, name := range names {
		members[i] = fmt.Sprintf("%q:%q", name, "…")
	}
	return fault.New(fault.Permanent, fmt.Sprintf("secret %q %s: store {%s} in it", id, what, strings.Join(members, ",")), nil)
}
