/** How the parts of the dashboard share its page: the plot takes what is left, and the page scrolls only where that is too little. */
import { css } from 'lit';

export const dashboardStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    overflow: auto;
  }
  aira-run-header {
    flex: none;
  }
  .waiting {
    margin: auto;
    color: var(--ar-muted);
  }
  .body {
    flex: 1 0 440px;
    min-height: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr) 320px;
    border-top: 1px solid var(--ar-line);
  }
  ar-tabs {
    min-width: 0;
    padding: 0 16px 10px;
  }
  .view {
    display: flex;
    flex-direction: column;
    gap: 6px;
    padding-top: 8px;
  }
  .view > aira-population-plane,
  .view > aira-candidates-table,
  .view > aira-slots-view,
  .view > aira-cost-view,
  .view > aira-agreement-view {
    flex: 1;
    min-height: 0;
  }
  aira-population-plane {
    min-height: 200px;
  }
  aira-mark-legend {
    padding-left: 64px;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  .tools .space {
    flex: 1;
  }
  aside {
    position: relative;
    display: flex;
    flex-direction: column;
    min-height: 0;
    overflow: hidden;
    border-left: 1px solid var(--ar-line);
    background: var(--vscode-sideBar-background, transparent);
  }
  aside .close {
    position: absolute;
    top: 8px;
    right: 8px;
  }
  aira-candidate-details {
    flex: 0 1 auto;
    max-height: 62%;
    padding: 10px 14px;
    border-bottom: 1px solid var(--ar-line);
  }
  aira-neighbourhood {
    flex: 1 1 120px;
    min-height: 120px;
    padding: 6px 4px;
  }
  .hint {
    margin: 0;
    padding: 10px 14px;
    color: var(--ar-muted);
    font-size: var(--ar-small);
    border-bottom: 1px solid var(--ar-line);
  }
  @media (max-width: 820px) {
    .body {
      flex: none;
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: 460px auto;
    }
    aside {
      border-left: none;
      border-top: 1px solid var(--ar-line);
    }
    aira-candidate-details {
      max-height: none;
    }
    aira-neighbourhood {
      flex: none;
      height: 260px;
    }
  }
`;
