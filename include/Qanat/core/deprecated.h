// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#ifndef QANAT_CORE_DEPRECATED_H
#define QANAT_CORE_DEPRECATED_H

/*!
 * \file
 * How the headers mark what is deprecated, and how an application says what it wants to hear of that: as Qt and KDE do it.
 *
 * A declaration that is deprecated since 0.2 stands in its header as
 *
 * \code
 * #if QANAT_ENABLE_DEPRECATED_SINCE(0, 2)
 * QANAT_DEPRECATED_SINCE(0, 2, "Use current().") QANAT_CORE_EXPORT void former();
 * #endif
 * \endcode
 *
 * An application defines for its compiler, both as 0xMMNNPP (0x000200 is 0.2):
 *
 * - QANAT_DISABLE_DEPRECATED_BEFORE: what is deprecated in that version or an earlier one is not declared. Without it all is.
 * - QANAT_DEPRECATED_WARNINGS_SINCE: no warning of what is deprecated later than in that version. Without it there is one
 *   for all that is used, so set it to the oldest version that the application builds with.
 *
 * It changes declarations only and no layout: virtual functions and data members never stand in such an `#if`.
 */

#ifndef QANAT_DISABLE_DEPRECATED_BEFORE
//! What is deprecated in this version or an earlier one is not declared. For applications to define.
#    define QANAT_DISABLE_DEPRECATED_BEFORE 0x000000
#endif

#ifndef QANAT_DEPRECATED_WARNINGS_SINCE
//! What is deprecated later than in this version brings no warning. For applications to define.
#    define QANAT_DEPRECATED_WARNINGS_SINCE 0xffffff
#endif

//! Whether what is deprecated since \a major.\a minor is declared. For headers.
#define QANAT_ENABLE_DEPRECATED_SINCE(major, minor) \
    ((((major) << 16) | ((minor) << 8)) > QANAT_DISABLE_DEPRECATED_BEFORE)

//! In front of a declaration: its use brings a warning with \a text, which says what to use in its place. For headers.
#define QANAT_DEPRECATED_SINCE(major, minor, text) QANAT_DEPRECATED_SINCE_##major##_##minor(text)

//! \cond
// The preprocessor cannot compare in the middle of a line, so each version that deprecates something is named here.
#if QANAT_DEPRECATED_WARNINGS_SINCE >= 0x000200
#    define QANAT_DEPRECATED_SINCE_0_2(text) [[deprecated("Since 0.2. " text)]]
#else
#    define QANAT_DEPRECATED_SINCE_0_2(text)
#endif
//! \endcond

#endif
