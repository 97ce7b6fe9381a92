// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef RELAY_ENDPOINTOPTIONS_H
#define RELAY_ENDPOINTOPTIONS_H

#include <Qanat/EndpointConfiguration>
#include <Qanat/Matcher>
#include <Qanat/Result>

#include <QtCore/qlist.h>
#include <QtCore/qstring.h>
#include <QtCore/qurl.h>

namespace Relay {

/*!
 * An endpoint, and which events it gets.
 */
struct EndpointOptions
{
    //! With what differs here from an endpoint in an application: the reader is held back where the queue is full.
    EndpointOptions();

    Qanat::EndpointConfiguration configuration;
    Qanat::Matcher wanted;
};

//! Reads the URL of an endpoint. The error shows neither user, password nor query.
[[nodiscard]] Qanat::Result<QUrl> parseEndpoint(const QString &text, Qanat::HttpSink::PlainHttp consent);

//! Reads `Name: value`. The error does not show the value.
[[nodiscard]] Qanat::Result<Qanat::HttpMessage::Header> parseHeader(const QString &text);

//! Reads a file that has a signing secret in each line. The error names the line and does not show it.
[[nodiscard]] Qanat::Result<QList<Qanat::WebhookSecret>> readSigningSecrets(const QString &file);

//! Reads a file that lists endpoints, as JSON. The error names the place and shows no secrets.
[[nodiscard]] Qanat::Result<QList<EndpointOptions>> readEndpoints(const QString &file);

//! Scheme, host and port: what of an endpoint may be shown, for a path can be a secret.
[[nodiscard]] QString originOf(const QUrl &url);

} // namespace Relay

#endif
