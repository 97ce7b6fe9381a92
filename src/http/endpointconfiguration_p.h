// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_HTTP_ENDPOINTCONFIGURATION_P_H
#define QANAT_HTTP_ENDPOINTCONFIGURATION_P_H

#include "Qanat/http/endpointconfiguration.h"

namespace Qanat {

//! Whether they belong together.
[[nodiscard]] bool isKeyOf(const QSslKey &key, const QSslCertificate &certificate);

//! Sets what of it is a matter of the sink. Answers what is wrong with it, as EndpointConfiguration::errorText() does.
[[nodiscard]] QString configure(HttpSink &sink, const EndpointConfiguration &configuration);

//! Whether a request carries several events.
[[nodiscard]] bool carriesMany(const EndpointConfiguration &configuration);

//! Why an event has no key of that \a name; empty if it can have one.
[[nodiscard]] QString orderKeyFault(const QString &name);

//! The function that says the key of an event; null for the default.
[[nodiscard]] std::function<QString(const Event &)> orderKeyOf(const EndpointConfiguration &configuration);

} // namespace Qanat

#endif
