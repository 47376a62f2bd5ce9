"""A claim with files beside it, as claim-api takes them."""

import secrets


def upload_of(claim, files):
    """claim: bytes; files: (name, bytes). The body of a request and its type."""
    boundary = secrets.token_hex(16)
    parts = [("claim", claim), *((f'attachments"; filename="{name}', data) for name, data in files)]
    body = b"".join(b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
                    % (boundary.encode(), name.encode(), data) for name, data in parts)
    return body + b"--%b--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"
