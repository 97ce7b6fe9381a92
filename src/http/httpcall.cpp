// SPDX-FileCopyrightText: 2026 The Qanat authors
// SPDX-License-Identifier: Apache-2.0

#include "httpcall_p.h"

#include <algorithm>

namespace Qanat {

HttpCall::HttpCall(const Batch &events, Completion &&duty)
    : m_batch(events)
    , m_completion(std::move(duty))
{
}

Batch HttpCall::nextPiece(qsizetype most)
{
    if (m_pieces.empty())
        m_pieces.push_back({std::min(m_batch.size(), m_position + most), false, false});
    while (m_pieces.back().isRefused && pieceSize() > 1)
        split(Other::IsRefusedThen);
    return m_batch.mid(m_position, pieceSize());
}

void HttpCall::split(Other other)
{
    const Piece whole = m_pieces.back();
    const qsizetype middle = m_position + pieceSize() / 2;
    m_pieces.pop_back();
    // What was to blame is found within this one.
    if (!m_pieces.empty())
        m_pieces.back().isDoubted = false;
    m_pieces.push_back({whole.end, other == Other::IsRefusedThen, false});
    m_pieces.push_back({middle, false, false});
}

void HttpCall::shorten(qsizetype count)
{
    if (count >= pieceSize())
        return;
    const qsizetype end = m_position + count;
    m_pieces.push_back({end, false, false});
}

void HttpCall::endPiece()
{
    m_position = m_pieces.back().end;
    m_pieces.pop_back();
}

void HttpCall::setUnderWay(bool isUnderWay)
{
    m_completion.setUnderWay(isUnderWay ? pieceSize() : 0);
}

bool HttpCall::settlePiece(const std::shared_ptr<HttpCall> &call, const Delivery &outcome)
{
    const qsizetype count = call->pieceSize();
    call->endPiece();
    if (!call->m_pieces.empty()) {
        Piece &next = call->m_pieces.back();
        next.isRefused = next.isDoubted && outcome.isSuccess();
        next.isDoubted = false;
    }
    // Whoever hears of it may destroy or close the sink: then this call has lost its duty.
    const std::shared_ptr<HttpCall> alive = call;
    call->m_completion.settle(count, outcome);
    return !call->isOver() && !call->isVoid();
}

void HttpCall::settleRest(const Delivery &outcome)
{
    Completion completion = std::exchange(m_completion, Completion());
    m_position = m_batch.size();
    completion.settleAll(outcome);
}

void HttpCall::settleLast(const Delivery &outcome)
{
    Completion completion = std::exchange(m_completion, Completion());
    const qsizetype count = m_pieces.empty() ? 0 : pieceSize();
    m_position = m_batch.size();
    completion.settle(count, outcome);
    completion.settleAll(Delivery::untried());
}

} // namespace Qanat
